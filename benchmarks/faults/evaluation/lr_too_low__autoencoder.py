"""SGD with a learning rate of 0.00001 hardly moves the weights of an autoencoder.

The rate was copied from a fine-tuning script that used Adam; `--fixed` uses 0.05.
"""

import torch
from _task import arguments, profiles, progress
from torch import nn
from torch.utils.data import DataLoader

args = arguments(__doc__, steps=500)
curves = profiles(3000)
loader = DataLoader(curves, batch_size=32, shuffle=True, drop_last=True)

encoder = nn.Sequential(nn.Linear(32, 48), nn.GELU(), nn.Linear(48, 5))
decoder = nn.Sequential(nn.Linear(5, 48), nn.GELU(), nn.Linear(48, 32))
weights = [*encoder.parameters(), *decoder.parameters()]
optimizer = torch.optim.SGD(weights, lr=0.05 if args.fixed else 1e-5, momentum=0.9)


def epochs():
    while True:
        yield from loader


for step, x in zip(range(args.steps), epochs(), strict=False):
    code = encoder(x)
    loss = torch.nn.functional.mse_loss(decoder(code), x)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    progress(step, args.steps, loss)
