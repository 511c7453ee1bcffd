"""Findings that reach somebody who does not look: the training itself, or a person elsewhere."""
