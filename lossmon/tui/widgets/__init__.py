"""Pieces of the screens: two widgets, and functions that say what stands in them."""
