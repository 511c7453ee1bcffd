"""Actor and critic on a small control task, an optimizer each: the actor's loss hovers at 0."""

from __future__ import annotations

import torch
from _task import arguments, progress
from torch import Tensor, nn

LENGTH = 16


def moved(state: Tensor, action: Tensor) -> tuple[Tensor, Tensor]:
    """Return the next state and the reward: a point is pushed left or right, and drifts."""
    state = 0.9 * state + 0.3 * (2 * action[:, None] - 1) + 0.1 * torch.randn_like(state)
    return state, -state.abs().sum(1)


def main() -> None:
    args = arguments(__doc__, steps=400)
    actor = nn.Sequential(nn.Linear(2, 32), nn.Tanh(), nn.Linear(32, 2))
    critic = nn.Sequential(nn.Linear(2, 32), nn.Tanh(), nn.Linear(32, 1))
    plan = torch.optim.Adam(actor.parameters(), lr=3e-3)
    rate = torch.optim.Adam(critic.parameters(), lr=1e-2)
    for step in range(args.steps):
        state = torch.randn(32, 2)
        policy, squared = torch.zeros(()), torch.zeros(())
        for _ in range(LENGTH):
            choice = torch.distributions.Categorical(logits=actor(state))
            action = choice.sample()
            following, reward = moved(state, action)
            with torch.no_grad():
                target = reward + 0.9 * critic(following)[:, 0]
            gain = target - critic(state)[:, 0]
            squared = squared + gain.square().mean() / LENGTH
            policy = policy - (choice.log_prob(action) * gain.detach()).mean() / LENGTH
            state = following
        rate.zero_grad()
        squared.backward()
        rate.step()
        plan.zero_grad()
        policy.backward()
        plan.step()
        progress(step, args.steps, squared)


if __name__ == "__main__":
    main()
