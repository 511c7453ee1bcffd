"""Reads a training as it runs and writes its log. The only place, with autowatch, that imports torch.

Nothing here raises into the training, blocks it, draws random numbers, or changes a number of it.
"""
