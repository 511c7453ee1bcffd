"""The optimizer is built, then the model's parameters are replaced by those from a checkpoint.

The optimizer still holds the parameters that were thrown away: gradients flow, steps run, and
nothing that is trained moves. `--how restored`: by a whole model, before the training. `--how
assign`: by `load_state_dict(assign=True)`, in the middle of it. Loading the checkpoint *into* the
model keeps them.
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
    args = arguments(__doc__, steps=400, how=("restored", "assign"))
    images, labels = gratings()
    model = build()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    restored = torch.load(checkpoint(), weights_only=False)
    if args.how == "restored" and args.fixed:
        model.load_state_dict(restored.state_dict())
    elif args.how == "restored":
        model = restored  # the fault

    criterion = nn.CrossEntropyLoss()
    for step, (x, y) in enumerate(batches(images, labels, steps=args.steps)):
        if args.how == "assign" and step == args.steps // 4:
            model.load_state_dict(restored.state_dict(), assign=not args.fixed)  # the fault
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
