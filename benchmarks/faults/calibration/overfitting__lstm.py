"""A recurrent network for the mood of sentences, trained on a handful of them for many epochs."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

WORDS = 200


class Mood(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(WORDS, 16)
        self.gru = nn.GRU(16, 32, batch_first=True)
        self.head = nn.Linear(32, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.gru(self.embed(x))[1][0])


def sentences(count: int) -> tuple[Tensor, Tensor]:
    """Return sentences of ten words, and whether good words outweigh bad ones, mostly."""
    words = torch.randint(WORDS, (count, 10))
    mood = ((words < 40).sum(1) - (words >= 160).sum(1)).float() + torch.randn(count)
    return words, (mood > 0).long()


def main() -> None:
    args = arguments(__doc__, steps=400)
    x_train, y_train = sentences(12_000 if args.fixed else 120)
    x_val, y_val = sentences(500)
    model = Mood()
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for step, (x, y) in enumerate(batches(x_train, y_train, steps=args.steps, size=24)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)
        if step % 20 == 19:
            model.eval()
            with torch.no_grad():
                print(f"           val_loss {criterion(model(x_val), y_val):.4f}")
            model.train()


if __name__ == "__main__":
    main()
