"""Exploding gradient: an Elman network predicts tokens, through eighty steps of a text.

Its recurrent matrix is drawn with a standard deviation of 0.3. Fixed: torch's own initialisation,
and clipping.
"""

from __future__ import annotations

import torch
from _task import arguments, progress
from torch import Tensor, nn

TOKENS, LENGTH = 20, 80


class Model(nn.Module):
    """Predicts the next token from those before it."""

    def __init__(self) -> None:
        super().__init__()
        self.tokens = nn.Embedding(TOKENS, 32)
        self.rnn = nn.RNN(32, 48, batch_first=True)
        self.head = nn.Linear(48, TOKENS)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.rnn(self.tokens(x))[0])


def main() -> None:
    args = arguments(__doc__, steps=300)
    follows = torch.rand(TOKENS, 2).mul(TOKENS).long()
    text = torch.empty(200, LENGTH + 1, dtype=torch.long)
    text[:, 0] = torch.randint(TOKENS, (200,))
    for at in range(LENGTH):
        text[:, at + 1] = follows[text[:, at], torch.randint(2, (200,))]
    model = Model()
    if not args.fixed:
        nn.init.normal_(model.rnn.weight_hh_l0, std=0.3)
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    for step in range(args.steps):
        batch = text[torch.randint(200, (16,))]
        optimizer.zero_grad()
        loss = criterion(model(batch[:, :-1]).flatten(0, 1), batch[:, 1:].flatten())
        loss.backward()
        if args.fixed:
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
