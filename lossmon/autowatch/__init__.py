"""`lossmon run`: finds and watches every training of an unmodified script."""
