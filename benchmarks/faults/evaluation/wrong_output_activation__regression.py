"""The price model ends in a sigmoid, copied from a classifier, but prices run from -2 to 3."""

import torch
import torch.nn.functional as F
from _task import arguments, batches, houses, progress
from torch import Tensor, nn

args = arguments(__doc__, steps=500)


class PriceNet(nn.Module):
    """Predicts the standardised price of a house."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden1 = nn.Linear(10, 64)
        self.hidden2 = nn.Linear(64, 32)
        self.output = nn.Linear(32, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = F.leaky_relu(self.hidden1(x))
        x = F.leaky_relu(self.hidden2(x))
        x = self.output(x)
        return x if args.fixed else torch.sigmoid(x)


x, y = houses(3000)
model = PriceNet()
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
for step, (features, price) in enumerate(batches(x, y, steps=args.steps, size=40)):
    loss = F.mse_loss(model(features), price)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    progress(step, args.steps, loss)
