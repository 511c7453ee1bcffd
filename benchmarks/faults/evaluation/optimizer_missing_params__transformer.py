"""Only the head's parameters go to the optimizer; the body is simply forgotten."""

import torch
import torch.nn.functional as F
from _task import arguments, batches, progress, series
from torch import Tensor, nn

args = arguments(__doc__, steps=400)


class Body(nn.Module):
    """A transformer over the four quarters of a recording."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.inputs = nn.Linear(12, width)
        self.places = nn.Parameter(0.2 * torch.randn(4, width))
        layer = nn.TransformerEncoderLayer(width, 2, 64, dropout=0.0, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.encoder(self.inputs(x.reshape(-1, 4, 12)) + self.places).mean(1)


x, y = series(2000)
body, head = Body(), nn.Linear(32, 4)
model = nn.Sequential(body, head)
parameters = list(head.parameters())
if args.fixed:
    parameters += list(body.parameters())
optimizer = torch.optim.Adam(parameters, lr=3e-3)
for step, (recordings, kind) in enumerate(batches(x, y, steps=args.steps, size=32)):
    loss = F.cross_entropy(model(recordings), kind)
    model.zero_grad()
    loss.backward()
    optimizer.step()
    progress(step, args.steps, loss)
