"""The screens: what is selected, which keys do what, and where things stand."""
