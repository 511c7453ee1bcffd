"""A sound training, for every optimiser, schedule, batch size and normalisation that one may pick.

Nothing is wrong in any of the combinations, and the loss of each falls far below that of a guess.
"""

from __future__ import annotations

import argparse
import math

import torch
from _task import batches, images, patients, progress
from torch import nn
from torch.optim.lr_scheduler import LambdaLR

RATES = {"sgd": 0.02, "adam": 3e-3, "adamw": 3e-3}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Train soundly.")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--model", choices=("mlp", "cnn"), default="mlp")
    parser.add_argument("--optimizer", choices=tuple(RATES), default="sgd")
    schedules = ("constant", "cosine", "warmup", "step")
    parser.add_argument("--schedule", choices=schedules, default="constant")
    parser.add_argument("--batch", type=int, choices=(16, 64, 256), default=64)
    parser.add_argument("--norm", choices=("none", "batch", "layer"), default="none")
    return parser.parse_args()


def mlp(norm: str) -> nn.Sequential:
    layers: list[nn.Module] = []
    for inputs in (12, 64):
        layers.append(nn.Linear(inputs, 64))
        layers += {"none": [], "batch": [nn.BatchNorm1d(64)], "layer": [nn.LayerNorm(64)]}[norm]
        layers.append(nn.ReLU())
    return nn.Sequential(*layers, nn.Linear(64, 4))


def cnn(norm: str) -> nn.Sequential:
    layers: list[nn.Module] = []
    for inputs, outputs in ((1, 12), (12, 24)):
        layers.append(nn.Conv2d(inputs, outputs, 3, padding=1))
        if norm == "batch":
            layers.append(nn.BatchNorm2d(outputs))
        elif norm == "layer":
            layers.append(nn.GroupNorm(1, outputs))  # a LayerNorm over channels and places
        layers += [nn.ReLU(), nn.MaxPool2d(2)]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(24 * 9, 8))


def factor(schedule: str, steps: int, step: int) -> float:
    """Return the share of the peak learning rate that is due at `step`."""
    if schedule == "cosine":
        return 0.5 * (1 + math.cos(math.pi * step / steps))
    if schedule == "warmup":
        return min(1.0, (step + 1) / (0.1 * steps))
    if schedule == "step":
        return 0.3 ** (step // (0.4 * steps))
    return 1.0


def main() -> None:
    args = arguments()
    torch.set_num_threads(1)
    torch.manual_seed(args.seed)
    model = mlp(args.norm) if args.model == "mlp" else cnn(args.norm)
    data = patients(8000) if args.model == "mlp" else images(4000)
    rate = RATES[args.optimizer]
    optimizer: torch.optim.Optimizer
    if args.optimizer == "sgd":
        optimizer = torch.optim.SGD(model.parameters(), lr=rate, momentum=0.9)
    elif args.optimizer == "adam":
        optimizer = torch.optim.Adam(model.parameters(), lr=rate)
    else:
        optimizer = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=0.01)
    schedule = LambdaLR(optimizer, lambda step: factor(args.schedule, args.steps, step))
    criterion = nn.CrossEntropyLoss()
    for step, (x, y) in enumerate(batches(*data, steps=args.steps, size=args.batch)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        schedule.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
