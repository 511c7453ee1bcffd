"""Graphs go through the network one by one, so BatchNorm normalises away what tells them apart."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn


def molecules(count: int = 2000, atoms: int = 10) -> tuple[Tensor, Tensor, Tensor]:
    """Atoms of a molecule resemble each other; its property depends on what they share."""
    kind = torch.randn(count, 1, 6)
    x = kind + 0.6 * torch.randn(count, atoms, 6)
    upper = torch.triu((torch.rand(count, atoms, atoms) < 0.3).float(), 1)
    bonds = upper + upper.transpose(1, 2) + torch.eye(atoms)
    k = kind[:, 0]
    y = k[:, 0] * k[:, 1].tanh() + k[:, 2] - 0.7 * k[:, 3].abs() + 0.1 * torch.randn(count)
    return x, bonds / bonds.sum(2, keepdim=True), (y - y.mean()) / y.std()


class Layer(nn.Module):
    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.own = nn.Linear(inputs, outputs)
        self.neighbours = nn.Linear(inputs, outputs, bias=False)
        self.norm = nn.BatchNorm1d(outputs)

    def forward(self, x: Tensor, bonds: Tensor) -> Tensor:
        h = self.own(x) + self.neighbours(bonds @ x)
        return torch.relu(self.norm(h.flatten(0, 1)).view_as(h))


class GraphNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList([Layer(6, 32), Layer(32, 32)])
        self.readout = nn.Sequential(nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 1))

    def forward(self, x: Tensor, bonds: Tensor) -> Tensor:
        for layer in self.layers:
            x = layer(x, bonds)
        return self.readout(x.mean(1))[:, 0]


def main() -> None:
    args = arguments(__doc__, steps=300)
    model = GraphNet()
    optimizer = torch.optim.AdamW(model.parameters(), lr=4e-3, weight_decay=1e-3)
    criterion = nn.MSELoss()

    for step, (x, bonds, y) in enumerate(batches(*molecules(), steps=args.steps, size=16)):
        if args.fixed:
            predicted = model(x, bonds)
        else:
            predicted = torch.cat([model(x[i : i + 1], bonds[i : i + 1]) for i in range(len(x))])
        loss = criterion(predicted, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
