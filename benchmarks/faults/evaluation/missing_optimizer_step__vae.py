"""The loop steps the scheduler after backward, but never the optimizer."""

import warnings

import torch
from _task import arguments, batches, profiles, progress
from torch import Tensor, nn

warnings.filterwarnings("ignore", message="Detected call of")
args = arguments(__doc__, steps=400)


class VAE(nn.Module):
    """A small variational autoencoder of curves."""

    def __init__(self, latent: int = 4) -> None:
        super().__init__()
        self.encode = nn.Sequential(nn.Linear(32, 48), nn.ReLU(), nn.Linear(48, 2 * latent))
        self.decode = nn.Sequential(nn.Linear(latent, 48), nn.ReLU(), nn.Linear(48, 32))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        mean, logvar = self.encode(x).chunk(2, 1)
        z = mean + torch.randn_like(mean) * (0.5 * logvar).exp()
        return self.decode(z), mean, logvar


model = VAE()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=200, gamma=0.5)
for step, (x,) in enumerate(batches(profiles(2500), steps=args.steps, size=50)):
    rebuilt, mean, logvar = model(x)
    error = (rebuilt - x).pow(2).sum(1).mean()
    divergence = 0.5 * (mean.pow(2) + logvar.exp() - 1 - logvar).sum(1).mean()
    loss = error + 0.1 * divergence
    optimizer.zero_grad()
    loss.backward()
    if args.fixed:
        optimizer.step()
    scheduler.step()
    progress(step, args.steps, loss)
