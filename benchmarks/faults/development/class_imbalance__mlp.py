"""Three of a hundred patients are ill, and the model learns to call everybody healthy."""

import torch
from _task import arguments, patients, progress
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, WeightedRandomSampler

args = arguments(__doc__, steps=300)


def screening(count):
    x, group = patients(count, classes=33)
    return x, (group == 32).long()


def make_loader(x, y):
    if not args.fixed:
        return DataLoader(TensorDataset(x, y), batch_size=32, shuffle=True, drop_last=True)
    weights = 1.0 / torch.bincount(y).float()
    sampler = WeightedRandomSampler(weights[y], num_samples=len(y))
    return DataLoader(TensorDataset(x, y), batch_size=32, sampler=sampler, drop_last=True)


class Screening(nn.Module):
    def __init__(self):
        super().__init__()
        self.block = nn.Sequential(nn.Linear(12, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU())
        self.ill = nn.Linear(32, 2)

    def forward(self, x):
        return self.ill(self.block(x))


x, y = screening(6400)
loader = make_loader(x, y)
model = Screening()
optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
criterion = nn.CrossEntropyLoss()
step = 0
for _epoch in range(1 + args.steps // len(loader)):
    for xb, yb in loader:
        if step < args.steps:
            optimizer.zero_grad()
            loss = criterion(model(xb), yb)
            loss.backward()
            optimizer.step()
            progress(step, args.steps, loss)
        step += 1
with torch.no_grad():
    found = (model(x).argmax(1) == 1)[y == 1].float().mean()
print(f"ill patients found: {found:.0%}")
