"""A plain recurrence of random weights reads forty samples: what it sends back grows each step."""

import math

import torch
import torch.nn.functional as F
from _task import arguments, batches, progress, series
from torch import Tensor, nn

args = arguments(__doc__, steps=450)


class Recognise(nn.Module):
    """The kind of a recording from the last state of a recurrence, written out."""

    def __init__(self, hidden: int = 48, kinds: int = 4) -> None:
        super().__init__()
        # The spread that keeps a signal's size is 1 / sqrt(hidden).
        spread = 1 / math.sqrt(hidden) if args.fixed else 0.45
        self.recur = nn.Parameter(spread * torch.randn(hidden, hidden))
        self.read = nn.Linear(2, hidden)
        self.kind = nn.Linear(hidden, kinds)

    def forward(self, x: Tensor) -> Tensor:
        state = x.new_zeros(len(x), len(self.recur))
        for moment in x.unbind(1):
            state = torch.tanh(self.read(moment) + state @ self.recur)
        return self.kind(state)


recordings, kinds = series(3000, length=40)
model = Recognise()
optimizer = torch.optim.RMSprop(model.parameters(), lr=1e-3)
for step, (x, y) in enumerate(batches(recordings, kinds, steps=args.steps, size=32)):
    loss = F.cross_entropy(model(x), y)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()
    progress(step, args.steps, loss)
