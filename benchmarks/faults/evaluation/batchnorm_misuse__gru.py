"""BatchNorm sits inside the recurrence, over four recordings: its noise enters at every time step.

`--fixed` normalises the state of each recording by itself.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from _task import arguments, batches, progress, series
from torch import Tensor, nn


class NormalisedGRU(nn.Module):
    """A gated recurrent cell that normalises what comes from the input and from the state."""

    def __init__(self, inputs: int, width: int, norm: type[nn.Module]) -> None:
        super().__init__()
        self.width = width
        self.from_input = nn.Linear(inputs, 3 * width)
        self.from_state = nn.Linear(width, 3 * width, bias=False)
        self.norm_input, self.norm_state = norm(3 * width), norm(3 * width)

    def forward(self, x: Tensor) -> Tensor:
        h = x.new_zeros(len(x), self.width)
        for now in x.unbind(1):
            reset, update, new = self.norm_input(self.from_input(now)).chunk(3, 1)
            reset_h, update_h, new_h = self.norm_state(self.from_state(h)).chunk(3, 1)
            keep = torch.sigmoid(update + update_h)
            h = keep * h + (1 - keep) * torch.tanh(new + torch.sigmoid(reset + reset_h) * new_h)
        return h


def main() -> None:
    args = arguments(__doc__, steps=300)
    recordings, kinds = series(4000, length=16)
    gru = NormalisedGRU(2, 32, nn.LayerNorm if args.fixed else nn.BatchNorm1d)
    head = nn.Linear(32, 4)
    parameters = [*gru.parameters(), *head.parameters()]
    optimizer = torch.optim.AdamW(parameters, lr=3e-3, weight_decay=1e-3)

    for step, (x, y) in enumerate(batches(recordings, kinds, steps=args.steps, size=4)):
        loss = F.cross_entropy(head(gru(x)), y)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
