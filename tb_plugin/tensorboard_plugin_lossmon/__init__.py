"""The tab "Stagnation" of TensorBoard. Imports nothing: TensorBoard loads it at every start."""
