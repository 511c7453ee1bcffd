"""The optimizer is built, then the model is replaced by the one from a checkpoint.

The optimizer still holds the parameters of the model that was thrown away: gradients flow, steps
run, and nothing that is trained ever moves. Loading the checkpoint *into* the model keeps them.
"""

from __future__ import annotations

import io

import torch
from _task import CLASSES, PIXELS, arguments, batches, gratings, progress
from torch import nn


def build() -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(PIXELS, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, CLASSES)
    )


def checkpoint() -> io.BytesIO:
    """Return an earlier model as a file."""
    file = io.BytesIO()
    torch.save(build(), file)
    file.seek(0)
    return file


def main() -> None:
    args = arguments(__doc__, steps=400)
    images, labels = gratings()
    model = build()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    restored = torch.load(checkpoint(), weights_only=False)
    if args.fixed:
        model.load_state_dict(restored.state_dict())
    else:
        model = restored  # the fault

    criterion = nn.CrossEntropyLoss()
    for step, (x, y) in enumerate(batches(images, labels, steps=args.steps)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
