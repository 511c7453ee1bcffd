"""RMSprop with a learning rate of 0.1 throws the VAE about instead of training it.

A slip of the decimal point; `--fixed` uses 0.001.
"""

import torch
from _task import arguments, batches, images, progress
from torch import nn

args = arguments(__doc__, steps=400)
pictures, _ = images(2500, classes=4, noise=0.2)


class Vae(nn.Module):
    def __init__(self, latent=12):
        super().__init__()
        self.down = nn.Sequential(nn.Flatten(), nn.Linear(144, 96), nn.ReLU())
        self.to_code = nn.Linear(96, 2 * latent)
        self.up = nn.Sequential(nn.Linear(latent, 96), nn.ReLU(), nn.Linear(96, 144))

    def forward(self, x):
        mean, logvar = self.to_code(self.down(x)).chunk(2, dim=1)
        logvar = logvar.clamp(-8, 8)
        z = mean + (logvar / 2).exp() * torch.randn_like(mean)
        return self.up(z).view_as(x), mean, logvar


def elbo(x, rebuilt, mean, logvar):
    error = (x - rebuilt).pow(2).flatten(1).mean(1)
    divergence = 0.5 * (mean.pow(2) + logvar.exp() - logvar - 1).mean(1)
    return (error + 0.02 * divergence).mean()


vae = Vae()
rate = 0.001 if args.fixed else 0.1
optimizer = torch.optim.RMSprop(vae.parameters(), lr=rate)

for step, (x,) in enumerate(batches(pictures, steps=args.steps, size=64)):
    loss = elbo(x, *vae(x))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    progress(step, args.steps, loss)
