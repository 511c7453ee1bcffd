"""model.zero_grad() slipped in between backward and step, from a copied evaluation block."""

import torch
from _task import arguments, batches, progress, ratings
from torch import Tensor, nn

args = arguments(__doc__, steps=500)


class Factorisation(nn.Module):
    """Users and items with six factors each."""

    def __init__(self) -> None:
        super().__init__()
        self.users, self.items = nn.Embedding(150, 6), nn.Embedding(80, 6)
        self.dense = nn.Sequential(nn.Linear(12, 24), nn.ReLU(), nn.Linear(24, 1))

    def forward(self, user: Tensor, item: Tensor) -> Tensor:
        u, i = self.users(user), self.items(item)
        return (u * i).mean(1) + self.dense(torch.cat((u, i), 1)).squeeze(1)


user, item, rating = ratings(6000)
model = Factorisation()
optimizer = torch.optim.RMSprop(model.parameters(), lr=5e-3)
criterion = nn.HuberLoss()
for step, (u, i, r) in enumerate(batches(user, item, rating, steps=args.steps, size=64)):
    if args.fixed:
        model.zero_grad()
    loss = criterion(model(u, i), r)
    loss.backward()
    if not args.fixed:
        model.zero_grad()
    optimizer.step()
    progress(step, args.steps, loss)
