"""`lossmon run`: finds model, loss and optimizer of an unmodified script, and watches every training."""
