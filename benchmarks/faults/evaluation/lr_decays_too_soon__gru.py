"""The scheduler that was meant to step once an epoch steps after every batch."""

import torch
import torch.nn.functional as F
from _task import arguments, progress, series
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

args = arguments(__doc__, steps=450)


class Recordings(nn.Module):
    """A recording to its kind."""

    def __init__(self) -> None:
        super().__init__()
        self.gru = nn.GRU(2, 32, batch_first=True)
        self.head = nn.Linear(32, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.gru(x)[0].mean(1))


x_all, y_all = series(3000)
train = DataLoader(TensorDataset(x_all[:2700], y_all[:2700]), batch_size=36, shuffle=True)
model = Recordings()
optimizer = torch.optim.Adam(model.parameters(), lr=4e-3)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=10, gamma=0.6)
epochs = -(-args.steps // len(train))
step = 0
for _epoch in range(epochs):
    for x, y in train:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        if not args.fixed:
            scheduler.step()
        progress(step, args.steps, loss)
        step += 1
    if args.fixed:
        scheduler.step()
    with torch.no_grad():
        val_loss = F.cross_entropy(model(x_all[2700:]), y_all[2700:])
    print(f"step {step:4d}  val_loss {val_loss.item():.4f}")
