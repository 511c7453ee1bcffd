"""`lossmon run`: finds and watches every training of an unmodified script."""

from pathlib import Path


def example_path() -> Path:
    """Return the script that `lossmon demo` trains."""
    return Path(__file__).with_name("example.py")
