"""The forecast ends in a ReLU, but the series goes below zero half of the time."""

import torch
from _task import arguments, batches, progress, series
from torch import Tensor, nn

args = arguments(__doc__, steps=400)


class Forecaster(nn.Module):
    """Forecasts both channels of the next moment."""

    def __init__(self, hidden: int = 32) -> None:
        super().__init__()
        self.gru = nn.GRU(2, hidden, batch_first=True)
        self.fc1 = nn.Linear(hidden, hidden)
        self.fc2 = nn.Linear(hidden, 2)

    def forward(self, x: Tensor) -> Tensor:
        states, _ = self.gru(x)
        out = self.fc2(torch.relu(self.fc1(states[:, -1])))
        return out if args.fixed else torch.relu(out)


recordings, _ = series(3000)
model = Forecaster()
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=args.steps)
mse = nn.MSELoss()
for step, (x,) in enumerate(batches(recordings, steps=args.steps, size=64)):
    loss = mse(model(x[:, :-1]), x[:, -1])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    schedule.step()
    progress(step, args.steps, loss)
