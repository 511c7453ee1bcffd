"""A fixed direction in space, to tell vectors apart by their product with it.

Computed where it is needed, from the places alone: torch's random state belongs to the training,
and a copy to a device would have the host wait for it.
"""

from __future__ import annotations

import torch
from torch import Tensor

_TURN = 12.9898
_STRETCH = 437.5853


def fixed_direction(length: int, device: torch.device) -> Tensor:
    """Return `length` numbers between -1 and 1 that look random and are always the same."""
    place = torch.arange(1, length + 1, dtype=torch.float32, device=device)
    return ((place * _TURN).sin() * _STRETCH).sin()
