"""A session's features go through batch norm with a batch of its own, and are 0 behind it.

Fixed: offers of many sessions are shown together.
"""

from __future__ import annotations

import torch
from _task import arguments, progress
from torch import Tensor, nn

SESSIONS, OFFERS, SIZE = 300, 50, 48


class Clicks(nn.Module):
    """Normalised features of a session beside an embedding of what is offered."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(8)
        self.offer = nn.Embedding(OFFERS, 8)
        self.net = nn.Sequential(nn.Linear(24, 64), nn.ReLU(), nn.Linear(64, 1))

    def forward(self, session: Tensor, offer: Tensor) -> Tensor:
        a, b = self.norm(session), self.offer(offer)
        return self.net(torch.cat((a, b, a * b), 1)).squeeze(1)


def main() -> None:
    args = arguments(__doc__, steps=800)
    features = 3 * torch.randn(SESSIONS, 8) + 5
    wants = (features - 5) @ torch.randn(8, OFFERS)
    model = Clicks()
    criterion = nn.BCEWithLogitsLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    for step in range(args.steps):
        which = torch.randint(SESSIONS, (SIZE,) if args.fixed else (1,)).expand(SIZE)
        offer = torch.randint(OFFERS, (SIZE,))
        optimizer.zero_grad()
        loss = criterion(model(features[which], offer), (wants[which, offer] > 0).float())
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
