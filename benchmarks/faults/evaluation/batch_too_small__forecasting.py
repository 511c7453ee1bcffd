"""An LSTM forecasts one machine's load a step, though its learning rate was found with 32 a step.

`DataLoader` was given no `batch_size`, and its default is 1.
"""

import torch
from _task import arguments, progress
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

args = arguments(__doc__, steps=450)


class Loads(Dataset[tuple[Tensor, Tensor]]):
    """Windows of noisy waves, and the next value without its noise."""

    def __init__(self, count: int, length: int = 20) -> None:
        time = torch.arange(length + 1)
        speed = 0.2 + 0.6 * torch.rand(count, 1)
        wave = torch.sin(speed * time + 6.3 * torch.rand(count, 1)) * 1.4
        self.windows = wave[:, :length, None] + 0.5 * torch.randn(count, length, 1)
        self.following = wave[:, length:] + 0.2 * torch.randn(count, 1)

    def __len__(self) -> int:
        return len(self.windows)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        return self.windows[index], self.following[index]


class Forecaster(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(1, 32, batch_first=True)
        self.head = nn.Linear(32, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.lstm(x)[0][:, -1])


train, val = Loads(5000), Loads(500)
if args.fixed:
    loader = DataLoader(train, shuffle=True, batch_size=32)
else:
    loader = DataLoader(train, shuffle=True)
model, criterion = Forecaster(), nn.MSELoss()
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2, weight_decay=1e-4)
for step in range(args.steps):
    if step % len(loader) == 0:
        windows = iter(loader)
    x, y = next(windows)
    loss = criterion(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 5.0)
    optimizer.step()
    progress(step, args.steps, loss)
    if step % 45 == 44:
        with torch.no_grad():
            val_loss = criterion(model(val.windows), val.following)
        print(f"step {step:4d}  val_loss {val_loss.item():.4f}")
