"""Policy gradients: a loss about 0 whose value means nothing, while the reward rises."""

from __future__ import annotations

import torch
from _task import arguments, progress
from torch import nn


def main() -> None:
    args = arguments(__doc__, steps=400)
    policy = nn.Sequential(nn.Linear(4, 32), nn.Tanh(), nn.Linear(32, 2))
    optimizer = torch.optim.Adam(policy.parameters(), lr=1e-2)
    worth = torch.randn(4)
    for step in range(args.steps):
        state = torch.randn(64, 4)
        choice = torch.distributions.Categorical(logits=policy(state))
        action = choice.sample()
        reward = ((state @ worth > 0).long() == action).float()
        loss = -(choice.log_prob(action) * (reward - reward.mean())).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
