"""All convolutions and the head of a forecaster start at zero, so no gradient gets past the head.

The initialiser was copied from one for biases; `--fixed` zeroes only the biases.
"""

import torch
from _task import arguments, batches, progress
from torch import nn

args = arguments(__doc__, steps=400)

WINDOW, AHEAD = 30, 5
time = torch.arange(WINDOW + AHEAD) / 10
speed = 2 + 3 * torch.rand(3000, 1)
waves = torch.sin(speed * time + 6.28 * torch.rand(3000, 1))
waves = waves + 0.5 * torch.sin(2 * speed * time) + 0.1 * torch.randn(3000, WINDOW + AHEAD)
past, future = waves[:, None, :WINDOW], waves[:, WINDOW:]


class ConvForecaster(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv1d(1, 16, 5)
        self.conv2 = nn.Conv1d(16, 16, 5, stride=2)
        self.hidden = nn.Linear(16 * 11, 32)
        self.out = nn.Linear(32, AHEAD)
        self.act = nn.ReLU()

    def forward(self, x):
        x = self.act(self.conv1(x))
        x = self.act(self.conv2(x))
        return self.out(self.act(self.hidden(x.flatten(1))))


def initialise(module):
    if isinstance(module, nn.Conv1d | nn.Linear):
        nn.init.zeros_(module.bias)
        if not args.fixed:
            nn.init.zeros_(module.weight)


model = ConvForecaster()
model.apply(initialise)
optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
loss_fn = nn.L1Loss()

for step, (x, y) in enumerate(batches(past, future, steps=args.steps, size=48)):
    loss = loss_fn(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    progress(step, args.steps, loss)
