"""Bought and sampled items are scored in two forward passes, and BatchNorm makes both look alike.

Each pass is normalised by itself, so what sets the bought ones apart on average is subtracted.
`--fixed` scores both in one pass. Discriminators that see real and fake separately have this too:
https://ovgu-ailab.github.io/blog/methods/2022/07/07/batchnorm-gans.html
"""

import torch
import torch.nn.functional as F
from _task import arguments, progress
from torch import Tensor, nn

args = arguments(__doc__, steps=450)
USERS, ITEMS, BATCH, DIM = 80, 60, 64, 16


class Scorer(nn.Module):
    """Scores how much a user would like an item."""

    def __init__(self) -> None:
        super().__init__()
        self.user = nn.Embedding(USERS, DIM)
        self.item = nn.Embedding(ITEMS, DIM)
        self.hidden = nn.Linear(3 * DIM, 48)
        self.norm = nn.BatchNorm1d(48)
        self.score = nn.Linear(48, 1)

    def forward(self, user: Tensor, item: Tensor) -> Tensor:
        u, i = self.user(user), self.item(item)
        x = F.relu(self.hidden(torch.cat((u, i, u * i), 1)))
        return self.score(self.norm(x)).squeeze(1)


taste, style = torch.randn(USERS, 2), torch.randn(ITEMS, 2)
popular = 0.5 * torch.randn(ITEMS)
liking = taste @ style.T + popular + 0.3 * torch.randn(USERS, ITEMS)
liked = liking > liking.quantile(0.75, dim=1, keepdim=True)
bought, passed_over = liked.nonzero(), (~liked).nonzero()

model = Scorer()
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
for step in range(args.steps):
    positive = bought[torch.randint(len(bought), (BATCH,))]
    negative = passed_over[torch.randint(len(passed_over), (BATCH,))]
    if args.fixed:
        both = torch.cat((positive, negative))
        high, low = model(both[:, 0], both[:, 1]).chunk(2)
    else:
        high = model(positive[:, 0], positive[:, 1])
        low = model(negative[:, 0], negative[:, 1])
    logits = torch.cat((high, low))
    target = torch.cat((torch.ones(BATCH), torch.zeros(BATCH)))
    loss = F.binary_cross_entropy_with_logits(logits, target)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    progress(step, args.steps, loss)
