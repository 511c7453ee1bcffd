"""Experiments on a copy of a training, each answering what watching alone cannot. Opt-in."""
