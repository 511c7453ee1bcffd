"""The weights of an autoencoder are scaled by a hundredth, and every curve becomes a flat line."""

from __future__ import annotations

import torch
from _task import arguments, batches, profiles, progress
from torch import Tensor, nn


class AutoEncoder(nn.Module):
    def __init__(self, scale: float) -> None:
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Linear(32, 64), nn.Tanh(), nn.Linear(64, 32), nn.Tanh(), nn.Linear(32, 6)
        )
        self.decoder = nn.Sequential(
            nn.Linear(6, 32), nn.Tanh(), nn.Linear(32, 64), nn.Tanh(), nn.Linear(64, 32)
        )
        with torch.no_grad():
            for module in self.modules():
                if isinstance(module, nn.Linear):
                    nn.init.xavier_normal_(module.weight)
                    module.weight *= scale
                    module.bias.zero_()

    def forward(self, x: Tensor) -> Tensor:
        return self.decoder(self.encoder(x))


def main() -> None:
    args = arguments(__doc__, steps=600)
    ae = AutoEncoder(scale=1.0 if args.fixed else 0.01)
    mse = nn.MSELoss()
    optimizer = torch.optim.SGD(ae.parameters(), lr=0.3, momentum=0.9)
    for step, (curves,) in enumerate(batches(profiles(), steps=args.steps)):
        optimizer.zero_grad()
        loss = mse(ae(curves), curves)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
