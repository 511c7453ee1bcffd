"""The autoencoder's weights start five times too large, so its first pictures are far out of range.

The gain of the Xavier initialisation is 5 where 1 was meant; `--fixed` uses 1.
"""

import torch
from _task import arguments, images, progress
from torch import nn

args = arguments(__doc__, steps=350)
pictures, _ = images(2400, noise=0.2)
flat = pictures.flatten(1)

GAIN = 1.0 if args.fixed else 5.0


def dense(inputs, outputs):
    layer = nn.Linear(inputs, outputs)
    nn.init.xavier_normal_(layer.weight, gain=GAIN)
    nn.init.zeros_(layer.bias)
    return layer


autoencoder = nn.Sequential(
    dense(144, 128),
    nn.ReLU(),
    dense(128, 32),
    nn.ReLU(),
    dense(32, 128),
    nn.ReLU(),
    dense(128, 144),
)
optimizer = torch.optim.RMSprop(autoencoder.parameters(), lr=1e-3)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, args.steps)

for step in range(args.steps):
    x = flat[torch.randint(len(flat), (64,))]
    loss = nn.functional.mse_loss(autoencoder(x), x)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()
    scheduler.step()
    progress(step, args.steps, loss)
