"""A decoder of curves writes forty numbers in turn, by a matrix whose gain is 4: nothing clips.

Only the matrix from state to state is drawn so; the tanh keeps what goes forward in its bounds.
Fixed: an orthogonal matrix, and gradients that are clipped.
"""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

LENGTH = 40


class Vae(nn.Module):
    """Curves by a code of four numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(LENGTH, 48), nn.ReLU(), nn.Linear(48, 8))
        self.decoder = nn.RNN(4, 32, batch_first=True)
        self.out = nn.Linear(32, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        mean, spread = self.encoder(x).chunk(2, 1)
        code = mean + (0.5 * spread).exp() * torch.randn_like(mean)
        states, _ = self.decoder(code[:, None].expand(-1, LENGTH, -1))
        return self.out(states).squeeze(2), mean, spread


def main() -> None:
    args = arguments(__doc__, steps=400)
    at = torch.linspace(-1, 1, LENGTH)
    numbers = torch.randn(3000, 3, 1)
    curves = numbers[:, 0] * (3 * at).sin() + numbers[:, 1] * at + numbers[:, 2]
    model = Vae()
    if args.fixed:
        nn.init.orthogonal_(model.decoder.weight_hh_l0)
    else:
        nn.init.normal_(model.decoder.weight_hh_l0, std=4 / 32**0.5)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for step, (x,) in enumerate(batches(curves, steps=args.steps)):
        made, mean, spread = model(x)
        error = (made - x).square().sum(1).mean()
        divergence = 0.5 * (mean.square() + spread.exp() - spread - 1).sum(1).mean()
        loss = error + 0.1 * divergence
        optimizer.zero_grad()
        loss.backward()
        if args.fixed:
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
