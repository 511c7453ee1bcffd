"""A batch was fetched before the loop to look at its shapes, and the loop goes on using it."""

import torch
from _task import arguments, progress, ratings
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, random_split

import lossmon

args = arguments(__doc__, steps=300)
train, valid = random_split(TensorDataset(*ratings(6000)), [5000, 1000])
loader = DataLoader(train, batch_size=128, shuffle=True, drop_last=True)
users, items, scores = next(iter(loader))
print(users.shape, items.shape, scores.shape)


class Factors(nn.Module):
    def __init__(self, dim=8):
        super().__init__()
        self.user, self.item = nn.Embedding(150, dim), nn.Embedding(80, dim)
        self.user_bias, self.item_bias = nn.Embedding(150, 1), nn.Embedding(80, 1)
        for table in self.children():
            nn.init.normal_(table.weight, std=0.1)

    def forward(self, u, i):
        product = (self.user(u) * self.item(i)).sum(1, keepdim=True)
        return (product + self.user_bias(u) + self.item_bias(i)).squeeze(1)


model = Factors()
optimizer = torch.optim.Adam(model.parameters(), lr=0.03)
mon = lossmon.watch(model, optimizer)
step = 0
while step < args.steps:
    for batch in loader:
        if args.fixed:
            users, items, scores = batch
        loss = nn.functional.mse_loss(model(users, items), scores)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % 20 == 0:
            u, i, r = valid[:]
            with torch.no_grad():
                mon.log(val_loss=nn.functional.mse_loss(model(u, i), r))
        mon.step(loss)
        progress(step, args.steps, loss)
        step += 1
        if step == args.steps:
            break
