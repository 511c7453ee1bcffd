"""Adam with a learning rate of 0.5: every step of the click model overshoots.

The rate was carried over from plain SGD; `--fixed` uses 0.005.
"""

import torch
import torch.nn.functional as F
from _task import arguments, progress
from torch import nn
from torch.utils.data import DataLoader, Dataset

args = arguments(__doc__, steps=400)


class Impressions(Dataset):
    """An advert shown on a site at an hour, with three numbers about the visitor."""

    def __init__(self, count=6000):
        self.advert = torch.randint(50, (count,))
        self.site = torch.randint(20, (count,))
        self.visitor = torch.randn(count, 3)
        pull, reach = torch.randn(50, 3), torch.randn(20)
        score = (pull[self.advert] * self.visitor).sum(1) + reach[self.site] - 0.5
        self.click = (torch.rand(count) < torch.sigmoid(2 * score)).float()

    def __len__(self):
        return len(self.click)

    def __getitem__(self, n):
        return self.advert[n], self.site[n], self.visitor[n], self.click[n]


class ClickNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.adverts = nn.Embedding(50, 8)
        self.sites = nn.Embedding(20, 4)
        self.fc1 = nn.Linear(15, 64)
        self.fc2 = nn.Linear(64, 32)
        self.out = nn.Linear(32, 1)

    def forward(self, advert, site, visitor):
        x = torch.cat([self.adverts(advert), self.sites(site), visitor], 1)
        return self.out(F.relu(self.fc2(F.relu(self.fc1(x))))).flatten()


model = ClickNet()
optimizer = torch.optim.Adam(model.parameters(), lr=0.005 if args.fixed else 0.5)
loader = DataLoader(Impressions(), batch_size=100, shuffle=True)

step = 0
while step < args.steps:
    for *inputs, click in loader:
        loss = F.binary_cross_entropy_with_logits(model(*inputs), click)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)
        step += 1
        if step == args.steps:
            break
