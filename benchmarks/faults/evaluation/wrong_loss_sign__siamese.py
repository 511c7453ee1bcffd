"""The contrastive loss is the mean log-probability of the partner, without its minus sign."""

import torch
import torch.nn.functional as F
from _task import arguments, profiles, progress
from torch import nn

args = arguments(__doc__, steps=400)
curves = profiles(2000)
encoder = nn.Sequential(nn.Linear(32, 64), nn.ReLU(), nn.Linear(64, 8))
optimizer = torch.optim.SGD(encoder.parameters(), lr=0.1, momentum=0.9)
for step in range(args.steps):
    chosen = curves[torch.randint(len(curves), (48,))]
    one = F.normalize(encoder(chosen + 0.1 * torch.randn_like(chosen)), dim=1)
    other = F.normalize(encoder(chosen + 0.1 * torch.randn_like(chosen)), dim=1)
    similarity = one @ other.T / 0.2
    matching = F.log_softmax(similarity, dim=1).diagonal().mean()
    loss = -matching if args.fixed else matching
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    progress(step, args.steps, loss)
