"""The gradients are never cleared, so every step follows the sum of all gradients so far.

As in https://github.com/wenet-e2e/wekws/pull/73.
"""

import torch
import torch.nn.functional as F
from _task import arguments, batches, images, progress
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 16, kernel_size=3)
        self.conv2 = nn.Conv2d(16, 16, kernel_size=3)
        self.fc1 = nn.Linear(16 * 4 * 4, 64)
        self.fc2 = nn.Linear(64, 8)

    def forward(self, x):
        x = F.relu(self.conv1(x))
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = F.relu(self.fc1(torch.flatten(x, 1)))
        return F.log_softmax(self.fc2(x), dim=1)


def train(args, model, loader, optimizer):
    model.train()
    for batch_idx, (data, target) in enumerate(loader):
        if args.fixed:
            optimizer.zero_grad()
        output = model(data)
        loss = F.nll_loss(output, target)
        loss.backward()
        optimizer.step()
        progress(batch_idx, args.steps, loss)


if __name__ == "__main__":
    args = arguments(__doc__, steps=300)
    data, target = images(2500)
    model = Net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    train(args, model, batches(data, target, steps=args.steps, size=64), optimizer)
