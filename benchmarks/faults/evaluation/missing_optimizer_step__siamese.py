"""optimizer.step lacks its parentheses, so that it is never called."""

import torch
import torch.nn.functional as F
from _task import arguments, profiles, progress
from torch import nn

args = arguments(__doc__, steps=400)
curves = profiles(2000)
encoder = nn.Sequential(nn.Linear(32, 64), nn.ReLU(), nn.Linear(64, 8))
optimizer = torch.optim.RMSprop(encoder.parameters(), lr=1e-3)
for step in range(args.steps):
    chosen = curves[torch.randint(len(curves), (64,))]
    one = F.normalize(encoder(chosen + 0.2 * torch.randn_like(chosen)), dim=1)
    other = F.normalize(encoder(chosen + 0.2 * torch.randn_like(chosen)), dim=1)
    similarity = one @ other.T / 0.1
    loss = F.cross_entropy(similarity, torch.arange(64))
    optimizer.zero_grad()
    loss.backward()
    if args.fixed:
        optimizer.step()
    else:
        optimizer.step  # noqa: B018
    progress(step, args.steps, loss)
