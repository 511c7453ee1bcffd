"""Only biases are to be tuned, as for a large trained model, but this one starts from nothing."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn


class Forecast(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.recurrent = nn.GRU(1, 32, batch_first=True)
        self.out = nn.Linear(32, 1)

    def forward(self, past: Tensor) -> Tensor:
        return self.out(self.recurrent(past)[0][:, -1])


def series(count: int, length: int = 20) -> tuple[Tensor, Tensor]:
    """Return noisy waves of random frequency, and the value that comes next."""
    time = torch.arange(length + 1.0)
    frequency, phase = 0.2 + 0.8 * torch.rand(count, 1), 6.28 * torch.rand(count, 1)
    waves = torch.sin(frequency * time + phase) + 0.05 * torch.randn(count, length + 1)
    return waves[:, :-1, None], waves[:, -1:]


def main() -> None:
    args = arguments(__doc__, steps=500)
    model = Forecast()
    if not args.fixed:
        for name, parameter in model.named_parameters():
            parameter.requires_grad = "bias" in name
    criterion = nn.MSELoss()
    optimizer = torch.optim.RMSprop([p for p in model.parameters() if p.requires_grad], lr=2e-3)
    for step, (past, coming) in enumerate(batches(*series(4000), steps=args.steps, size=64)):
        optimizer.zero_grad()
        loss = criterion(model(past), coming)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
