"""The length of a linear decay is given in epochs, and its step() is called for every batch."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from _task import arguments, batches, progress
from torch import Tensor, nn

EPOCHS = 20


class Copier(nn.Module):
    """Predicts for every position the token two places before it."""

    def __init__(self) -> None:
        super().__init__()
        self.tokens, self.places = nn.Embedding(12, 32), nn.Embedding(16, 32)
        self.layer = nn.TransformerEncoderLayer(32, 2, 64, dropout=0.0, batch_first=True)
        self.head = nn.Linear(32, 12)

    def forward(self, tokens: Tensor) -> Tensor:
        places = torch.arange(tokens.shape[1])
        return self.head(self.layer(self.tokens(tokens) + self.places(places)))


def main() -> None:
    args = arguments(__doc__, steps=300)
    tokens = torch.randint(12, (640, 16))
    model = Copier()
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    length = args.steps if args.fixed else EPOCHS
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, total_iters=length)
    for step, (x,) in enumerate(batches(tokens, steps=args.steps)):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x)[:, 2:].flatten(0, 1), x[:, :-2].flatten())
        loss.backward()
        optimizer.step()
        schedule.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
