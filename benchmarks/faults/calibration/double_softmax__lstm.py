"""Fault: an LSTM that tags sequences returns probabilities, and cross-entropy takes logits."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

LETTERS, TAGS, LENGTH = 12, 4, 10


class Tagger(nn.Module):
    """One tag for each letter."""

    def __init__(self, *, probabilities: bool) -> None:
        super().__init__()
        self.letters = nn.Embedding(LETTERS, 16)
        self.lstm = nn.LSTM(16, 32, batch_first=True)
        self.tag = nn.Linear(32, TAGS)
        self.probabilities = probabilities

    def forward(self, letters: Tensor) -> Tensor:
        states, _ = self.lstm(self.letters(letters))
        scores: Tensor = self.tag(states)
        return torch.softmax(scores, dim=-1) if self.probabilities else scores


def main() -> None:
    args = arguments(__doc__, steps=300)
    letters = torch.randint(LETTERS, (2000, LENGTH))
    before = torch.cat((letters[:, :1], letters[:, :-1]), 1)
    tags = (letters + before) % TAGS
    model = Tagger(probabilities=not args.fixed)
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for step, (x, y) in enumerate(batches(letters, tags, steps=args.steps)):
        optimizer.zero_grad()
        loss = criterion(model(x).reshape(-1, TAGS), y.reshape(-1))
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
