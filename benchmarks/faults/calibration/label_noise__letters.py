"""Letters to an office were sorted by a list of words that sends a third to any other desk."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

DESKS, WORDS, LENGTH = 8, 200, 30


class Sorter(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.words = nn.Embedding(WORDS, 24)
        self.lstm = nn.LSTM(24, 24, batch_first=True, bidirectional=True)
        self.out = nn.Linear(48, DESKS)

    def forward(self, text: Tensor) -> Tensor:
        return self.out(self.lstm(self.words(text))[0].mean(1))


def letters(count: int) -> tuple[Tensor, Tensor]:
    """Return texts, and for which desk each is."""
    desk = torch.randint(DESKS, (count,))
    shares = torch.softmax(1.2 * torch.randn(DESKS, WORDS), 1)
    return torch.multinomial(shares[desk], LENGTH, replacement=True), desk


def main() -> None:
    args = arguments(__doc__, steps=500)
    text, desk = letters(20000)
    sent = torch.rand(len(desk)) < (0.0 if args.fixed else 0.35)
    desk[sent] = torch.randint(DESKS, (int(sent.sum()),))
    model, criterion = Sorter(), nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    for step, (inputs, labels) in enumerate(batches(text, desk, steps=args.steps, size=128)):
        optimizer.zero_grad()
        loss = criterion(model(inputs), labels)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
