"""Plain SGD with momentum takes steps of a learning rate of 2, and jumps from wall to wall."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from _task import arguments, batches, patients, progress
from torch import Tensor, nn, optim


class Classifier(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc1 = nn.Linear(12, 64)
        self.fc2 = nn.Linear(64, 64)
        self.fc3 = nn.Linear(64, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.tanh(self.fc1(x))
        x = torch.tanh(self.fc2(x))
        return F.log_softmax(self.fc3(x), dim=1)


def main() -> None:
    args = arguments(__doc__, steps=500)
    net = Classifier()
    opt = optim.SGD(net.parameters(), lr=0.05 if args.fixed else 2.0, momentum=0.9)
    for i, (data, target) in enumerate(batches(*patients(8000), steps=args.steps, size=64)):
        opt.zero_grad()
        loss = F.nll_loss(net(data), target)
        loss.backward()
        opt.step()
        progress(i, args.steps, loss)


if __name__ == "__main__":
    main()
