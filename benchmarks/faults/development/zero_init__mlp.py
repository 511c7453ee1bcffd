"""The weights of a hand-written network are created by `torch.zeros` and left at that.

Zero weights in a network with hidden layers: wagonhelm/NaNmnist#2.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from _task import arguments, batches, patients, progress
from torch import Tensor, nn


class Dense(nn.Module):
    def __init__(self, n_in: int, n_out: int, random: bool) -> None:
        super().__init__()
        self.w = nn.Parameter(torch.zeros(n_in, n_out))
        self.b = nn.Parameter(torch.zeros(n_out))
        if random:
            nn.init.xavier_uniform_(self.w)

    def forward(self, x: Tensor) -> Tensor:
        return x @ self.w + self.b


class MLP(nn.Module):
    def __init__(self, random: bool) -> None:
        super().__init__()
        self.l1 = Dense(12, 64, random)
        self.l2 = Dense(64, 64, random)
        self.l3 = Dense(64, 4, random)

    def forward(self, x: Tensor) -> Tensor:
        return self.l3(F.relu(self.l2(F.relu(self.l1(x)))))


def main() -> None:
    args = arguments(__doc__, steps=500)
    mlp = MLP(random=args.fixed)
    sgd = torch.optim.SGD(mlp.parameters(), lr=0.1, momentum=0.9)
    for step, (x, y) in enumerate(batches(*patients(8000), steps=args.steps, size=100)):
        sgd.zero_grad()
        loss = F.cross_entropy(mlp(x), y)
        loss.backward()
        sgd.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
