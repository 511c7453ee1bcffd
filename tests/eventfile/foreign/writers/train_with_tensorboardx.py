"""Train with PyTorch and log with tensorboardX, in steps of samples seen.

Usage: train_with_tensorboardx.py FOLDER
"""

import sys

import torch
from tensorboardX import SummaryWriter
from torch import nn

BATCH = 64


def main(folder: str) -> None:
    torch.manual_seed(0)
    x = torch.randn(512, 8)
    y = x @ torch.randn(8, 1)
    model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 1))
    optimizer = torch.optim.Adam(model.parameters(), 0.01)
    with SummaryWriter(folder) as writer:
        for step in range(120):
            batch = torch.randint(0, 512, (BATCH,))
            loss = nn.functional.mse_loss(model(x[batch]), y[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            seen = (step + 1) * BATCH
            writer.add_scalar("train: loss", float(loss), seen)
            writer.add_scalar("learning rate", 0.01, seen)
            writer.add_scalar("epoch", seen // 512, seen)
            if step % 20 == 0:
                writer.add_scalars("Loss", {"train": float(loss), "test": float(loss)}, seen)
                writer.add_histogram("weights", model[0].weight.detach().numpy(), seen)
                writer.add_text("note", f"step {step}", seen)
        writer.add_hparams({"lr": 0.01}, {"hparam/loss": float(loss)})


main(sys.argv[1])
