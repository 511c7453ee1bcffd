"""The minus sign of the BPR loss is missing, so disliked items are ranked above liked ones."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from _task import arguments, progress, ratings

args = arguments(__doc__, steps=400)
users, items, liking = ratings(6000)
liked, disliked = liking > 0.3, liking < -0.3
by_user = [
    (items[(users == u) & liked], items[(users == u) & disliked])
    for u in range(int(users.max()) + 1)
]
both = [u for u, (good, bad) in enumerate(by_user) if len(good) and len(bad)]


def sample(size):
    rows = [both[i] for i in torch.randint(len(both), (size,)).tolist()]
    good = [by_user[u][0][torch.randint(len(by_user[u][0]), (1,))] for u in rows]
    bad = [by_user[u][1][torch.randint(len(by_user[u][1]), (1,))] for u in rows]
    return torch.tensor(rows), torch.cat(good), torch.cat(bad)


class BPR(nn.Module):
    def __init__(self, n_users, n_items, dim=8):
        super().__init__()
        self.users = nn.Embedding(n_users, dim)
        self.items = nn.Embedding(n_items, dim)
        self.popularity = nn.Embedding(n_items, 1)
        for table in self.children():
            nn.init.normal_(table.weight, std=0.1)

    def forward(self, u, i):
        return (self.users(u) * self.items(i)).sum(-1) + self.popularity(i).squeeze(-1)


model = BPR(150, 80)
optimizer = torch.optim.Adagrad(model.parameters(), lr=0.1)
for step in range(args.steps):
    u, good, bad = sample(128)
    score = model(u, good) - model(u, bad)
    loss = F.logsigmoid(score).mean()
    if args.fixed:
        loss = -loss
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    progress(step, args.steps, loss)
