"""The update gates' biases start at a time span, not at its logarithm: the gates stay shut.

Chrono initialisation draws a span between 1 and the longest and takes its logarithm, which was
forgotten here; the sigmoids are 1, the GRU keeps its state of zeros and sees nothing.
"""

import torch
from _task import arguments, batches, progress, series
from torch import Tensor, nn

args = arguments(__doc__, steps=400)
HIDDEN, LONGEST = 32, 150


class Recordings(nn.Module):
    """Tells the kind of a recording from the last state."""

    def __init__(self) -> None:
        super().__init__()
        self.gru = nn.GRU(2, HIDDEN, batch_first=True)
        self.kind = nn.Linear(HIDDEN, 4)
        span = 1 + (LONGEST - 2) * torch.rand(HIDDEN)
        self.gru.bias_hh_l0.data[HIDDEN : 2 * HIDDEN] = 0.0
        self.gru.bias_ih_l0.data[HIDDEN : 2 * HIDDEN] = span.log() if args.fixed else span

    def forward(self, x: Tensor) -> Tensor:
        _, last = self.gru(x)
        return self.kind(last[0])


x, kind = series(4000)
model = Recordings()
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
criterion = nn.CrossEntropyLoss()
for step, (recordings, kinds) in enumerate(batches(x, kind, steps=args.steps, size=48)):
    loss = criterion(model(recordings), kinds)
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    progress(step, args.steps, loss)
