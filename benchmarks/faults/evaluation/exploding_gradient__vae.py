"""The recurrent weights of a VAE for time series start so large that gradients grow at every step.

Their deviation is 0.5 where 0.05 was meant. The states stay within one, but taken back through
thirty steps of two recurrences the gradient blows up; `--fixed` uses 0.05.
"""

import torch
import torch.nn.functional as F
from _task import arguments, batches, profiles, progress
from torch import nn

args = arguments(__doc__, steps=350)
curves = profiles(2500, width=30)[:, :, None]


class RecurrentVae(nn.Module):
    def __init__(self, hidden=48, latent=4):
        super().__init__()
        self.encoder = nn.RNN(1, hidden, batch_first=True)
        self.stats = nn.Linear(hidden, 2 * latent)
        self.decoder = nn.RNN(latent + 1, hidden, batch_first=True)
        self.out = nn.Linear(hidden, 1)
        for rnn in (self.encoder, self.decoder):
            nn.init.normal_(rnn.weight_hh_l0, std=0.05 if args.fixed else 0.5)

    def forward(self, x):
        states, _ = self.encoder(x)
        mean, logvar = self.stats(states.mean(dim=1)).chunk(2, dim=1)
        z = mean + torch.randn_like(mean) * (0.5 * logvar).exp()
        time = torch.linspace(-1, 1, x.shape[1]).expand(len(x), -1)[:, :, None]
        steps = z[:, None].expand(-1, x.shape[1], -1)
        out, _ = self.decoder(torch.cat([steps, 3 * time], dim=2))
        kl = 0.5 * (mean**2 + logvar.exp() - logvar - 1).sum(1).mean()
        return self.out(out), kl


vae = RecurrentVae()
optimizer = torch.optim.Adam(vae.parameters(), lr=1e-3)
for step, (x,) in enumerate(batches(curves, steps=args.steps, size=40)):
    rebuilt, kl = vae(x)
    loss = F.mse_loss(rebuilt, x) + 0.001 * kl
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    progress(step, args.steps, loss)
