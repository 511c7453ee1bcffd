"""A language model of four dimensions and one head has to learn a rule of two tokens."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

import lossmon


class Speaker(nn.Module):
    """Says which token follows two others."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.embed, self.place = nn.Embedding(24, dim), nn.Embedding(2, dim)
        layer = nn.TransformerEncoderLayer(dim, 1, 4 * dim, dropout=0.0, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 1, enable_nested_tensor=False)
        self.head = nn.Linear(dim, 24)

    def forward(self, tokens: Tensor) -> Tensor:
        states = self.embed(tokens) + self.place(torch.arange(2))
        return self.head(self.encoder(states).mean(1))


def main() -> None:
    args = arguments(__doc__, steps=600)
    tokens = torch.randint(24, (6000, 2))
    following = (tokens[:, 0] + tokens[:, 1] // 2) % 24
    model, criterion = Speaker(48 if args.fixed else 4), nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2 if not args.fixed else 3e-3)
    mon = lossmon.watch(model, optimizer, criterion=criterion)
    for step, (x, y) in enumerate(batches(tokens, following, steps=args.steps, size=64)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        mon.step(loss)
        progress(step, args.steps, loss)
    mon.probe((tokens, following))


if __name__ == "__main__":
    main()
