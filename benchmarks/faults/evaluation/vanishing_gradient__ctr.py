"""Eight sigmoid layers lie between a click model's embeddings and its head; no gradient gets by.

`--fixed` uses ReLU with its own initialisation.
"""

import torch
import torch.nn.functional as F
from _task import arguments, batches, progress
from torch import nn

args = arguments(__doc__, steps=450)

count, ADVERTS, PLACES = 6000, 30, 20
advert = torch.randint(ADVERTS, (count,))
place = torch.randint(PLACES, (count,))
visitor = torch.randn(count, 4)
interest = torch.randn(ADVERTS, 4)
score = 1.5 * (interest[advert] * visitor).sum(1) + torch.randn(PLACES)[place]
click = (torch.rand(count) < torch.sigmoid(score)).float()


class DeepClick(nn.Module):
    def __init__(self, dim=8, width=48, depth=8):
        super().__init__()
        self.adverts = nn.Embedding(ADVERTS, dim)
        self.places = nn.Embedding(PLACES, dim)
        self.layers = nn.ModuleList([nn.Linear(2 * dim + 4, width)])
        self.layers.extend(nn.Linear(width, width) for _ in range(depth - 1))
        self.head = nn.Linear(width, 1)
        if args.fixed:
            for layer in self.layers:
                nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")

    def forward(self, advert, place, visitor):
        x = torch.cat([self.adverts(advert), self.places(place), visitor], dim=1)
        for layer in self.layers:
            x = F.relu(layer(x)) if args.fixed else torch.sigmoid(layer(x))
        return self.head(x).squeeze(1)


model = DeepClick()
optimizer = torch.optim.SGD(model.parameters(), lr=0.03, momentum=0.9)
loader = batches(advert, place, visitor, click, steps=args.steps, size=100)
for step, (*inputs, target) in enumerate(loader):
    loss = F.binary_cross_entropy_with_logits(model(*inputs), target)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    progress(step, args.steps, loss)
