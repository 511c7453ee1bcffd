"""The predicted click is already a sigmoid when binary_cross_entropy_with_logits takes it.

As in https://github.com/yudi-mars/daisyRec/pull/15: "Otherwise loss does not converge".
"""

import torch
import torch.nn as nn
import torch.nn.functional as F
from _task import arguments, progress, ratings

args = arguments(__doc__, steps=500)


class MatrixFactorisation(nn.Module):
    def __init__(self, num_users, num_items, factors=8):
        super().__init__()
        self.user_factors = nn.Embedding(num_users, factors)
        self.item_factors = nn.Embedding(num_items, factors)
        self.user_bias = nn.Embedding(num_users, 1)
        self.item_bias = nn.Embedding(num_items, 1)
        nn.init.normal_(self.user_factors.weight, std=0.1)
        nn.init.normal_(self.item_factors.weight, std=0.1)
        nn.init.zeros_(self.user_bias.weight)
        nn.init.zeros_(self.item_bias.weight)

    def forward(self, user, item):
        score = (self.user_factors(user) * self.item_factors(item)).sum(1)
        score = score + self.user_bias(user).squeeze(1) + self.item_bias(item).squeeze(1)
        return score if args.fixed else torch.sigmoid(score)


users, items, stars = ratings(6000)
clicked = (stars > 0).float()
model = MatrixFactorisation(150, 80)
optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
for step in range(args.steps):
    pick = torch.randint(len(users), (256,))
    prediction = model(users[pick], items[pick])
    loss = F.binary_cross_entropy_with_logits(prediction, clicked[pick])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    progress(step, args.steps, loss)
