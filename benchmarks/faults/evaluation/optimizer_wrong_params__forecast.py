"""The loop trains a deep copy of the model, while the optimizer keeps the original's weights."""

import copy

import torch
from _task import arguments, progress, series
from torch import Tensor, nn

args = arguments(__doc__, steps=400)


class Forecaster(nn.Module):
    """Forecasts the next moment with a GRU."""

    def __init__(self) -> None:
        super().__init__()
        self.gru = nn.GRU(2, 24, batch_first=True)
        self.linear = nn.Linear(24, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(self.gru(x)[1][-1])


class Trainer:
    """Owns a model and an optimizer."""

    def __init__(self, model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
        self.model = model if args.fixed else copy.deepcopy(model)
        self.optimizer = optimizer
        self.loss = nn.MSELoss()

    def step(self, x: Tensor, y: Tensor) -> Tensor:
        self.model.zero_grad()
        loss = self.loss(self.model(x), y)
        loss.backward()
        self.optimizer.step()
        return loss


recordings, _ = series(2500)
model = Forecaster()
trainer = Trainer(model, torch.optim.AdamW(model.parameters(), lr=5e-3))
for step in range(args.steps):
    chosen = recordings[torch.randint(len(recordings), (32,))]
    progress(step, args.steps, trainer.step(chosen[:, :-1], chosen[:, -1]))
