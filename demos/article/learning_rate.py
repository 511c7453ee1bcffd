"""Three learning rates on one linear layer, after "Why is my loss function not decreasing?".

As published, the three optimizers are built for a model that is never trained: every training gets
a fresh one, so not one of the three learning rates is ever applied. `--wiring corrected` gives each
optimizer the model it trains; then 1.0 overshoots, 1e-5 crawls, and 1e-3 learns what little there
is to learn from random labels.
"""

from __future__ import annotations

import argparse

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

RATES = {"too high": 1.0, "too low": 1e-5, "moderate": 1e-3}


class Classifier(nn.Module):
    """One linear layer, ten inputs, two classes."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(10, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x)


def train(
    model: nn.Module, optimizer: torch.optim.Optimizer, batches: DataLoader, epochs: int
) -> list[float]:
    """Train for some epochs; the last batch's loss of each."""
    criterion = nn.CrossEntropyLoss()
    losses = []
    for _ in range(epochs):
        for features, labels in batches:
            optimizer.zero_grad()
            loss = criterion(model(features), labels)
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
    first = Classifier()
    for name, lr in RATES.items():
        model = Classifier()
        owner = model if args.wiring == "corrected" else first
        optimizer = torch.optim.Adam(owner.parameters(), lr=lr)
        losses = train(model, optimizer, batches, -(-args.steps // len(batches)))
        print(
            f"lr {lr:g} ({name}): " + " ".join(f"{loss:.3f}" for loss in losses[::10]), flush=True
        )


if __name__ == "__main__":
    main()
