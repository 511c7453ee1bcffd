"""Four linear layers with no activation between them forecast a chaotic series."""

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

args = arguments(__doc__, steps=500)


class Forecaster(nn.Module):
    """Eight past values to the next one."""

    def __init__(self, window: int = 8, width: int = 48) -> None:
        super().__init__()
        self.inp = nn.Linear(window, width)
        self.mid1 = nn.Linear(width, width)
        self.mid2 = nn.Linear(width, width)
        self.out = nn.Linear(width, 1)
        self.act = nn.Tanh() if args.fixed else nn.Identity()

    def forward(self, past: Tensor) -> Tensor:
        x = self.act(self.inp(past))
        x = self.act(self.mid1(x))
        x = self.act(self.mid2(x))
        return self.out(x)


def chaos(count: int, length: int = 60) -> Tensor:
    """Return series of the Hénon map, measured with noise, (count, length), std about 1."""
    now, before = 0.4 * torch.rand(count) - 0.2, 0.4 * torch.rand(count) - 0.2
    values = []
    for _ in range(length + 20):
        now, before = 1 - 1.4 * now**2 + 0.3 * before, now
        values.append(now)
    series = torch.stack(values[20:], 1)
    return (series - series.mean()) / series.std() + 0.05 * torch.randn(count, length)


windows = chaos(120).unfold(1, 9, 1).reshape(-1, 9)
windows = windows[torch.randperm(len(windows))]
train, val = windows[:5500], windows[5500:]
model = Forecaster()
optimizer = torch.optim.SGD(model.parameters(), lr=0.03, momentum=0.9, nesterov=True)
loss_fn = nn.MSELoss()
for step, (window,) in enumerate(batches(train, steps=args.steps, size=64)):
    optimizer.zero_grad(set_to_none=True)
    loss = loss_fn(model(window[:, :8]), window[:, 8:])
    loss.backward()
    optimizer.step()
    progress(step, args.steps, loss)
    if step % 100 == 99:
        with torch.no_grad():
            val_loss = loss_fn(model(val[:, :8]), val[:, 8:])
        print(f"step {step:4d}  val_loss {val_loss.item():.4f}")
