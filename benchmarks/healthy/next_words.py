"""An LSTM that learns a language in which three words may follow each one: the rest is chance."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

WORDS, LENGTH = 30, 16


class Model(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.words = nn.Embedding(WORDS, 32)
        self.lstm = nn.LSTM(32, 64, batch_first=True)
        self.out = nn.Linear(64, WORDS)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.lstm(self.words(x))[0])


def text(count: int) -> Tensor:
    """Return texts: which words follow depends on the last one, which of them is chance."""
    followers = torch.rand(WORDS, WORDS).topk(3, dim=1).indices
    words = [torch.randint(WORDS, (count,))]
    for _ in range(LENGTH):
        chance = torch.multinomial(torch.tensor([0.6, 0.3, 0.1]), count, replacement=True)
        words.append(followers[words[-1], chance])
    return torch.stack(words, 1)


def main() -> None:
    args = arguments(__doc__, steps=600)
    model, criterion = Model(), nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for step, (x,) in enumerate(batches(text(4000), steps=args.steps, size=32)):
        optimizer.zero_grad()
        loss = criterion(model(x[:, :-1]).flatten(0, 1), x[:, 1:].flatten())
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
