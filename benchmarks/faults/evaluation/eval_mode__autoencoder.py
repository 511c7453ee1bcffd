"""The loop calls model.eval() before it trains: batch normalisation never sees the data."""

import torch
from _task import arguments, batches, profiles, progress
from torch import Tensor, nn

args = arguments(__doc__, steps=400)


class Autoencoder(nn.Module):
    """Squeezes curves with large offsets through four numbers, with batch normalisation."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Sequential(
            nn.BatchNorm1d(32), nn.Linear(32, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Linear(64, 4)
        )
        self.decoder = nn.Sequential(
            nn.BatchNorm1d(4), nn.Linear(4, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Linear(64, 32)
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.decoder(self.encoder(x))


curves = profiles(2500)
raw = 0.02 * curves + 5.0
model = Autoencoder()
model.train(args.fixed)
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
criterion = nn.MSELoss()
for step, (x, target) in enumerate(batches(raw, curves, steps=args.steps, size=64)):
    optimizer.zero_grad()
    loss = criterion(model(x), target)
    loss.backward()
    optimizer.step()
    progress(step, args.steps, loss)
