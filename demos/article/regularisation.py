"""No, strong and moderate L2 penalties on one linear layer, after "Why is my loss not decreasing?".

As published, one optimizer serves three trainings but holds only the first one's model: the second
and third train nothing, whatever their penalty. `--wiring corrected` gives each training an
optimizer of its own; then a penalty of 1.0 shrinks the weights to nothing, and 0.001 is harmless.
"""

from __future__ import annotations

import argparse

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

PENALTIES = {"none": 0.0, "strong": 1.0, "moderate": 0.001}


class Classifier(nn.Module):
    """One linear layer, ten inputs, two classes."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(10, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x)


def train(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    batches: DataLoader,
    *,
    penalty: float,
    epochs: int,
) -> list[float]:
    """Train on data loss plus penalty; the last batch's sum of each epoch."""
    criterion = nn.CrossEntropyLoss()
    losses = []
    for _ in range(epochs):
        for features, labels in batches:
            optimizer.zero_grad()
            squares = sum(parameter.square().sum() for parameter in model.parameters())
            loss = criterion(model(features), labels) + penalty * squares
            loss.backward()
            optimizer.step()
        losses.append(loss.item())
    return losses


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--wiring", choices=("published", "corrected"), default="published")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=200, help="of each training")
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(args.seed)

    data = TensorDataset(torch.randn(100, 10), torch.randint(0, 2, (100,)))
    batches = DataLoader(data, batch_size=32, shuffle=True)
    model = Classifier()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.001)
    for name, penalty in PENALTIES.items():
        if name != "none":
            model = Classifier()
            if args.wiring == "corrected":
                optimizer = torch.optim.Adam(model.parameters(), lr=0.001)
        epochs = -(-args.steps // len(batches))
        losses = train(model, optimizer, batches, penalty=penalty, epochs=epochs)
        shown = " ".join(f"{loss:.3f}" for loss in losses[::10])
        print(f"L2 {penalty:g} ({name}): {shown}", flush=True)


if __name__ == "__main__":
    main()
