"""The warm-up divides whole numbers, so that the learning rate is 0 until long after the end."""

import torch
from _task import arguments, batches, profiles, progress
from torch import nn

args = arguments(__doc__, steps=400)
WARMUP = 1000 if not args.fixed else 50


def warmup(step: int) -> float:
    """Return the share of the learning rate."""
    if args.fixed:
        return min(1.0, (step + 1) / WARMUP)
    return min(1, (step + 1) // WARMUP)


curves = profiles(2500)
encoder = nn.Sequential(nn.Linear(32, 64), nn.GELU(), nn.Linear(64, 6))
decoder = nn.Sequential(nn.Linear(6, 64), nn.GELU(), nn.Linear(64, 32))
autoencoder = nn.Sequential(encoder, decoder)
optimizer = torch.optim.AdamW(autoencoder.parameters(), lr=3e-3)
scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, warmup)
criterion = nn.MSELoss()
for step, (batch,) in enumerate(batches(curves, steps=args.steps, size=64)):
    optimizer.zero_grad()
    loss = criterion(autoencoder(batch), batch)
    loss.backward()
    optimizer.step()
    scheduler.step()
    progress(step, args.steps, loss)
