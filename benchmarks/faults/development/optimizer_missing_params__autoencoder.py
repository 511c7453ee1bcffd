"""The optimizer was given the encoder only; the decoder is in none.

As in https://github.com/zdebruine/MMVAE/issues/39.
"""

import torch
from _task import arguments, images, progress
from torch import nn

args = arguments(__doc__, steps=300)
pictures, _ = images(2500, noise=0.2)

encoder = nn.Sequential(
    nn.Conv2d(1, 8, 3, stride=2, padding=1),
    nn.LeakyReLU(0.1),
    nn.Conv2d(8, 16, 3, stride=2, padding=1),
    nn.LeakyReLU(0.1),
    nn.Flatten(),
    nn.Linear(144, 24),
)
decoder = nn.Sequential(
    nn.Linear(24, 144),
    nn.LeakyReLU(0.1),
    nn.Unflatten(1, (16, 3, 3)),
    nn.ConvTranspose2d(16, 8, 4, stride=2, padding=1),
    nn.LeakyReLU(0.1),
    nn.ConvTranspose2d(8, 1, 4, stride=2, padding=1),
)
parameters = list(encoder.parameters())
if args.fixed:
    parameters += list(decoder.parameters())
opt = torch.optim.AdamW(parameters, lr=4e-3, weight_decay=1e-4)
mse = nn.MSELoss()

for step in range(args.steps):
    batch = pictures[torch.randint(len(pictures), (64,))]
    code = encoder(batch)
    loss = mse(decoder(code), batch)
    opt.zero_grad()
    loss.backward()
    opt.step()
    progress(step, args.steps, loss)
