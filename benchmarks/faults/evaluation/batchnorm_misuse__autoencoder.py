"""The momentum 0.99 came over from Keras, and here the statistics are those of the last batch.

PyTorch counts the other way round (r9y9/tacotron_pytorch#19), so nothing is averaged. Validation
follows the last batch of an epoch, of twelve curves, and its loss is far above the training loss;
`--fixed` has 0.01. The training loss, of batch statistics, is the same with both.
"""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from _task import arguments, profiles, progress
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def dense(inputs: int, outputs: int, momentum: float) -> list[nn.Module]:
    return [nn.Linear(inputs, outputs), nn.BatchNorm1d(outputs, momentum=momentum), nn.ReLU()]


def main() -> None:
    args = arguments(__doc__, steps=510)
    momentum = 0.01 if args.fixed else 0.99
    curves = profiles(3000)
    training, validation = curves[:2700], curves[2700:]
    loader = DataLoader(TensorDataset(training), batch_size=32, shuffle=True)
    widths = (32, 64, 32, 6, 32, 64)
    hidden = [m for a, b in pairwise(widths) for m in dense(a, b, momentum)]
    model = nn.Sequential(*hidden, nn.Linear(64, 32))
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)

    step = 0
    while step < args.steps:
        model.train()
        for (x,) in loader:
            loss = F.mse_loss(model(x), x)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            progress(step, args.steps, loss)
            step += 1
            if step == args.steps:
                break
        model.eval()
        with torch.no_grad():
            val_loss = F.mse_loss(model(validation), validation)
        print(f"step {step - 1:4d}  val_loss {val_loss.item():.4f}")


if __name__ == "__main__":
    main()
