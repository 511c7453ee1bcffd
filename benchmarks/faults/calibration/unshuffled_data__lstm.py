"""Sequences of one kind after another: the set was put together kind by kind, and not shuffled."""

from __future__ import annotations

import torch
from _task import arguments, progress
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset


class Classifier(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(1, 24, batch_first=True)
        self.head = nn.Linear(24, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.lstm(x)[0][:, -1])


def waves(per_kind: int) -> tuple[Tensor, Tensor]:
    """Return noisy waves of four frequencies, (4 * per_kind, 16, 1), and which one each has."""
    t = torch.arange(16) / 16
    kinds = []
    for kind in range(4):
        phase = torch.rand(per_kind, 1) * 6.28
        kinds.append(torch.sin(6.28 * (kind + 1) * t + phase) + 0.3 * torch.randn(per_kind, 16))
    return torch.cat(kinds)[..., None], torch.arange(4).repeat_interleave(per_kind)


def main() -> None:
    args = arguments(__doc__, steps=500)
    loader = DataLoader(TensorDataset(*waves(240)), batch_size=24, shuffle=args.fixed)
    model = Classifier()
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    step = 0
    while step < args.steps:
        for x, y in loader:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            progress(step, args.steps, loss)
            step += 1


if __name__ == "__main__":
    main()
