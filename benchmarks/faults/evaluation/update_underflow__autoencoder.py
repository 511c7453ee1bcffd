"""Weights are kept in bfloat16, and AdamW steps of 1e-4 mostly round away in them."""

import torch
from _task import arguments, batches, profiles, progress
from torch import nn

args = arguments(__doc__, steps=600)
dtype = torch.float if args.fixed else torch.bfloat16
curves = profiles(2500).to(dtype)
model = nn.Sequential(
    nn.Linear(32, 96), nn.GELU(), nn.Linear(96, 8), nn.Linear(8, 96), nn.GELU(), nn.Linear(96, 32)
)
for parameter in model.parameters():
    if parameter.dim() == 2:
        nn.init.xavier_uniform_(parameter, gain=1.4)
model = model.to(dtype)
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, eps=1e-6, weight_decay=0.0)
criterion = nn.MSELoss()
for step, (x,) in enumerate(batches(curves, steps=args.steps, size=32)):
    optimizer.zero_grad()
    loss = criterion(model(x).float(), x.float())
    loss.backward()
    optimizer.step()
    progress(step, args.steps, loss)
