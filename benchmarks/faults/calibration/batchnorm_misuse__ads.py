"""Each batch holds the impressions of one advertiser, whose clicks are rare in any case.

The features of the advertiser are the same all over such a batch: what is left of them behind batch
normalisation is 0.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from _task import arguments, progress
from torch import Tensor, nn


class Ads(nn.Module):
    """Two tables, numbers of the page, and two hidden layers."""

    def __init__(self) -> None:
        super().__init__()
        self.advertiser = nn.Embedding(200, 8)
        self.page = nn.Linear(6, 8)
        self.norm = nn.BatchNorm1d(16)
        self.first, self.between = nn.Linear(16, 32), nn.BatchNorm1d(32)
        self.out = nn.Linear(32, 1)

    def forward(self, who: Tensor, page: Tensor) -> Tensor:
        x = torch.cat((self.advertiser(who), torch.relu(self.page(page))), 1)
        return self.out(torch.relu(self.between(self.first(self.norm(x))))).squeeze(1)


def impressions(steps: int, *, mixed: bool) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Yield who advertises, the page, and whether it was clicked."""
    appeal = 1.6 * torch.randn(200) - 2.0
    for _ in range(steps):
        who = torch.randint(200, (128,) if mixed else (1,)).expand(128)
        yield who, torch.randn(128, 6), torch.bernoulli(torch.sigmoid(appeal[who]))


def main() -> None:
    args = arguments(__doc__, steps=500)
    model = Ads()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    for step, (who, page, clicked) in enumerate(impressions(args.steps, mixed=args.fixed)):
        optimizer.zero_grad()
        loss = nn.functional.binary_cross_entropy_with_logits(model(who, page), clicked)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
