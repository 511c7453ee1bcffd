"""Embeddings are made with from_pretrained, which freezes them, though they are only random."""

import torch
from _task import arguments, batches, progress, ratings
from torch import Tensor, nn

args = arguments(__doc__, steps=500)


class Recommender(nn.Module):
    """Predicts a rating from the embeddings of user and item."""

    def __init__(self, users: int, items: int, size: int) -> None:
        super().__init__()
        start = 0.1 * torch.randn(users, size), 0.1 * torch.randn(items, size)
        self.user = nn.Embedding.from_pretrained(start[0], freeze=not args.fixed)
        self.item = nn.Embedding.from_pretrained(start[1], freeze=not args.fixed)
        self.mlp = nn.Sequential(nn.Linear(2 * size, 16), nn.ReLU(), nn.Linear(16, 1))

    def forward(self, user: Tensor, item: Tensor) -> Tensor:
        u, i = self.user(user), self.item(item)
        return (u * i).sum(1) + self.mlp(torch.cat((u, i), 1)).squeeze(1)


user, item, rating = ratings(6000)
model = Recommender(150, 80, 6)
trainable = [p for p in model.parameters() if p.requires_grad]
optimizer = torch.optim.AdamW(trainable, lr=1e-2, weight_decay=1e-4)
for step, (u, i, r) in enumerate(batches(user, item, rating, steps=args.steps, size=64)):
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(u, i), r)
    loss.backward()
    optimizer.step()
    progress(step, args.steps, loss)
