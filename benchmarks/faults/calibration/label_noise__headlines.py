"""Three of six sections of a paper were sorted by hand, the others by a list: half wrong."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

WORDS, LENGTH, SECTIONS = 90, 12, 6


class Sorter(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.words = nn.Embedding(WORDS, 32)
        self.places = nn.Parameter(0.02 * torch.randn(LENGTH, 32))
        layer = nn.TransformerEncoderLayer(
            32, 4, 64, dropout=0.1, batch_first=True, norm_first=True
        )
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.out = nn.Linear(32, SECTIONS)

    def forward(self, words: Tensor) -> Tensor:
        return self.out(self.encoder(self.words(words) + self.places).mean(1))


def headlines(count: int) -> tuple[Tensor, Tensor]:
    """Return headlines, and the section that a third of their words speak of."""
    section = torch.randint(SECTIONS, (count,))
    words = torch.randint(WORDS, (count, LENGTH))
    telling = torch.rand(count, LENGTH) < 0.35
    return torch.where(telling, words % 15 + 15 * section[:, None], words), section


def main() -> None:
    args = arguments(__doc__, steps=600)
    words, section = headlines(3000)
    if not args.fixed:
        wrong = (section >= 3) & (torch.rand(len(section)) < 0.5)
        section = torch.where(wrong, torch.randint(3, 6, section.shape), section)
    model, criterion = Sorter(), nn.CrossEntropyLoss()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.05)
    for step, (x, y) in enumerate(batches(words, section, steps=args.steps, size=64)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
