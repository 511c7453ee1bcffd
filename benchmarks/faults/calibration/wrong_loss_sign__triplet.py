"""The triplet loss is negated: anchors move away from their own kind without end."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from _task import arguments, batches, progress
from torch import nn


def main() -> None:
    args = arguments(__doc__, steps=300)
    sign = 1 if args.fixed else -1
    kinds = torch.randn(20, 16)
    a, n = torch.randint(20, (3000,)), torch.randint(20, (3000,))
    x, p, q = (kinds[k] + 0.5 * torch.randn(3000, 16) for k in (a, a, n))
    net = nn.Sequential(nn.Linear(16, 48), nn.Tanh(), nn.Linear(48, 8))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.02, momentum=0.9)
    for step, (u, v, w) in enumerate(batches(x, p, q, steps=args.steps, size=64)):
        near = F.pairwise_distance(net(u), net(v))
        far = F.pairwise_distance(net(u), net(w))
        loss = sign * torch.relu(near - far + 1.0).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
