"""Reviews whose stars were joined to the wrong ones for a third of the table."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

WORDS, STARS = 120, 4


class Reviews(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.words = nn.Embedding(WORDS, 48)
        self.body = nn.Sequential(nn.Linear(48, 128), nn.GELU(), nn.Linear(128, STARS))

    def forward(self, x: Tensor) -> Tensor:
        return self.body(self.words(x).mean(1))


def reviews(count: int, *, joined_wrongly: float) -> tuple[Tensor, Tensor]:
    """Return reviews of twelve words, which go with the stars, and the stars in the table."""
    stars = torch.randint(STARS, (count,))
    telling = stars[:, None] * (WORDS // STARS) + torch.randint(WORDS // STARS, (count, 12))
    any_word = torch.randint(WORDS, (count, 12))
    words = torch.where(torch.rand(count, 12) < 0.8, telling, any_word)
    rows = torch.rand(count) < joined_wrongly
    table = stars.clone()
    table[rows] = stars[rows][torch.randperm(int(rows.sum()))]
    return words, table


def main() -> None:
    args = arguments(__doc__, steps=500)
    share = 0.0 if args.fixed else 0.45
    words, stars = reviews(1600, joined_wrongly=share)
    new_words, new_stars = reviews(1000, joined_wrongly=share)
    model = Reviews()
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    for step, (x, y) in enumerate(batches(words, stars, steps=args.steps, size=64)):
        model.train()
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)
        if step % 25 == 24:
            model.eval()
            with torch.no_grad():
                print(f"           new reviews {criterion(model(new_words), new_stars):.4f}")


if __name__ == "__main__":
    main()
