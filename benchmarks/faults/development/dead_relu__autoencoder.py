"""A sparse autoencoder starts with a bias so negative that hardly a unit of its code fires."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from _task import arguments, batches, profiles, progress
from torch import Tensor, nn


class SparseAutoencoder(nn.Module):
    def __init__(self, inputs: int, features: int, bias: float) -> None:
        super().__init__()
        self.encode = nn.Linear(inputs, features)
        self.decode = nn.Linear(features, inputs)
        nn.init.constant_(self.encode.bias, bias)

    def forward(self, x: Tensor) -> Tensor:
        return self.decode(F.relu(self.encode(x)))


def main() -> None:
    args = arguments(__doc__, steps=600)
    sae = SparseAutoencoder(32, 128, bias=0.0 if args.fixed else -6.0)
    opt = torch.optim.Adam(sae.parameters(), lr=2e-3)
    for step, (x,) in enumerate(batches(profiles(), steps=args.steps, size=64)):
        loss = F.mse_loss(sae(x), x)
        opt.zero_grad()
        loss.backward()
        opt.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
