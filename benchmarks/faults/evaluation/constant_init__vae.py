"""Every weight of this VAE starts at 0.05, so the units of a layer are copies of each other.

The weights were filled with a constant "to make runs reproducible"; `--fixed` keeps PyTorch's own.
"""

import torch
import torch.nn.functional as F
from _task import arguments, batches, profiles, progress
from torch import nn

args = arguments(__doc__, steps=500)
curves = profiles(3000)


class Vae(nn.Module):
    def __init__(self, width=32, hidden=48, latent=6):
        super().__init__()
        self.encode = nn.Sequential(nn.Linear(width, hidden), nn.ELU())
        self.mean = nn.Linear(hidden, latent)
        self.logvar = nn.Linear(hidden, latent)
        self.decode = nn.Sequential(nn.Linear(latent, hidden), nn.ELU(), nn.Linear(hidden, width))

    def forward(self, x):
        code = self.encode(x)
        mean, logvar = self.mean(code), self.logvar(code)
        z = mean + torch.randn_like(mean) * torch.exp(0.5 * logvar)
        return self.decode(z), mean, logvar


def init_weights(module):
    if isinstance(module, nn.Linear):
        nn.init.constant_(module.weight, 0.05)
        nn.init.zeros_(module.bias)


vae = Vae()
if not args.fixed:
    vae.apply(init_weights)
optimizer = torch.optim.Adam(vae.parameters(), lr=3e-3)

for step, (x,) in enumerate(batches(curves, steps=args.steps, size=64)):
    rebuilt, mean, logvar = vae(x)
    reconstruction = F.mse_loss(rebuilt, x)
    divergence = -0.5 * (1 + logvar - mean**2 - logvar.exp()).sum(1).mean()
    loss = reconstruction + 0.002 * divergence
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    progress(step, args.steps, loss)
