"""Embeddings of 16 numbers a user are fitted to only five likes or dislikes each."""

import torch
from _task import arguments, batches, progress, ratings
from torch import Tensor, nn

args = arguments(__doc__, steps=600)


class Factors(nn.Module):
    """Matrix factorisation with biases."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.user, self.item = nn.Embedding(150, size), nn.Embedding(80, size)
        self.user_bias, self.item_bias = nn.Embedding(150, 1), nn.Embedding(80, 1)
        for table in (self.user, self.item, self.user_bias, self.item_bias):
            nn.init.normal_(table.weight, std=0.1)

    def forward(self, user: Tensor, item: Tensor) -> Tensor:
        bias = self.user_bias(user) + self.item_bias(item)
        return (self.user(user) * self.item(item)).sum(1) + bias.squeeze(1)


user, item, rating = ratings(9000)
liked = (rating > 0).float()
seen = 8000 if args.fixed else 750
model = Factors(16)
optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
criterion = nn.BCEWithLogitsLoss()
loader = batches(user[:seen], item[:seen], liked[:seen], steps=args.steps, size=50)
for step, (u, i, r) in enumerate(loader):
    optimizer.zero_grad()
    loss = criterion(model(u, i), r)
    loss.backward()
    optimizer.step()
    progress(step, args.steps, loss)
    if (step + 1) % 15 == 0:
        with torch.no_grad():
            val_loss = criterion(model(user[8000:], item[8000:]), liked[8000:])
        print(f"step {step:4d}  val_loss {val_loss.item():.4f}")
