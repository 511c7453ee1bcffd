"""Zeros, ones, or small random numbers to start from, after "Why is my loss not decreasing?".

As published, the model is one linear layer, and there every start learns alike: the claim that
zeros and ones cannot learn needs hidden units. `--hidden 64,64` puts them in, on labels that can
be learnt: from zeros no gradient passes, from ones all units stay copies of one another, and from
PyTorch's own initialisation the same network learns.
"""

from __future__ import annotations

import argparse
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset


def build(hidden: list[int]) -> nn.Sequential:
    """Return a linear classifier, or a ReLU network with the hidden widths."""
    widths = [10, *hidden]
    layers: list[nn.Module] = []
    for before, after in pairwise(widths):
        layers += [nn.Linear(before, after), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(widths[-1], 2))


def start(model: nn.Module, kind: str) -> None:
    """Fill every parameter as named; `default` keeps PyTorch's own."""
    for parameter in model.parameters():
        if kind == "normal":
            nn.init.normal_(parameter, 0.0, 0.01)
        elif kind != "default":
            nn.init.constant_(parameter, {"zeros": 0.0, "ones": 1.0}[kind])


def train(model: nn.Module, batches: DataLoader, epochs: int) -> list[float]:
    """Train for some epochs; the mean loss of each."""
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.001)
    losses = []
    for _ in range(epochs):
        total = 0.0
        for features, labels in batches:
            optimizer.zero_grad()
            loss = criterion(model(features), labels)
            loss.backward()
            optimizer.step()
            total += loss.item() / len(batches)
        losses.append(total)
    return losses


def dataset(learnable: bool) -> tuple[Tensor, Tensor]:
    """Return 100 points with random labels, or 1,600 with labels that the points decide."""
    if not learnable:
        return torch.randn(100, 10), torch.randint(0, 2, (100,))
    points = torch.randn(1600, 10)
    return points, (points[:, 0] * points[:, 1] + points[:, 2] > 0).long()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hidden", default="", help="widths of hidden layers, as 64,64")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, help="of each training (200; 500 with --hidden)")
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(args.seed)

    hidden = [int(width) for width in args.hidden.split(",") if width]
    batches = DataLoader(TensorDataset(*dataset(bool(hidden))), batch_size=32, shuffle=True)
    epochs = -(-(args.steps or (500 if hidden else 200)) // len(batches))
    for kind in ("zeros", "ones", "default" if hidden else "normal"):
        model = build(hidden)
        start(model, kind)
        losses = train(model, batches, epochs)
        shown = " ".join(f"{loss:.3f}" for loss in losses[:: max(1, epochs // 5)])
        print(f"from {kind}: {shown}", flush=True)


if __name__ == "__main__":
    main()
