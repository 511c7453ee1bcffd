"""Reads a training as it runs and writes its log. With autowatch the only place to import torch.

Nothing here raises into the training, blocks it, draws random numbers, or changes a number of it.
"""
