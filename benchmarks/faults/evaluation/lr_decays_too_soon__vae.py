"""The exponential schedule takes a step every batch, and after forty batches the rate is gone.

The factor 0.9 was meant for an epoch; `--fixed` steps the schedule at the end of each.
"""

import torch
import torch.nn.functional as F
from _task import arguments, profiles, progress
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

args = arguments(__doc__, steps=550)
loader = DataLoader(TensorDataset(profiles(3000)), batch_size=60, shuffle=True)


class Vae(nn.Module):
    def __init__(self, latent=5):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(32, 64), nn.SiLU(), nn.Linear(64, 32), nn.SiLU())
        self.mu = nn.Linear(32, latent)
        self.log_sigma = nn.Linear(32, latent)
        self.decoder = nn.Sequential(nn.Linear(latent, 64), nn.SiLU(), nn.Linear(64, 32))

    def forward(self, x):
        h = self.encoder(x)
        mu, log_sigma = self.mu(h), self.log_sigma(h)
        z = mu + log_sigma.exp() * torch.randn_like(mu)
        kl = (0.5 * (mu**2 + (2 * log_sigma).exp() - 1) - log_sigma).sum(1).mean()
        return self.decoder(z), kl


vae = Vae()
optimizer = torch.optim.Adam(vae.parameters(), lr=1e-3)
scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.9)

step = 0
while step < args.steps:
    for (x,) in loader:
        rebuilt, kl = vae(x)
        loss = F.mse_loss(rebuilt, x) + 0.003 * kl
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if not args.fixed:
            scheduler.step()
        progress(step, args.steps, loss)
        step += 1
        if step == args.steps:
            break
    if args.fixed:
        scheduler.step()
