"""Q-learning with a target network: targets that move with every copy of the weights."""

from __future__ import annotations

import copy

import torch
import torch.nn.functional as F
from _task import arguments, progress
from torch import nn


def main() -> None:
    args = arguments(__doc__, steps=800)
    model = nn.Sequential(nn.Linear(4, 64), nn.ReLU(), nn.Linear(64, 2))
    target = copy.deepcopy(model)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    worth = torch.randn(4)
    for step in range(args.steps):
        state, action = torch.randn(64, 4), torch.randint(0, 2, (64,))
        reward = (state @ worth) * (2 * action - 1)
        with torch.no_grad():
            best = target(0.9 * state + 0.3 * torch.randn(64, 4)).amax(1)
        guess = model(state).gather(1, action[:, None])[:, 0]
        loss = F.smooth_l1_loss(guess, reward + 0.9 * best)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % 100 == 99:
            target.load_state_dict(model.state_dict())
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
