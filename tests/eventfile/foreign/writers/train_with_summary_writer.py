"""Train with PyTorch and log as its tutorials do: healthy/, and diverging/ at 100 times the lr.

Usage: train_with_summary_writer.py FOLDER
"""

import sys
from pathlib import Path

import torch
from torch import nn
from torch.utils.tensorboard import SummaryWriter

STEPS = 120


def log_extras(writer: SummaryWriter, model: nn.Module, step: int) -> None:
    """Everything that is no scalar."""
    for name, parameter in model.named_parameters():
        writer.add_histogram(name, parameter, step)
    writer.add_text("note", f"step {step}", step)
    writer.add_image("weights", torch.rand(3, 8, 8), step)


def train(writer: SummaryWriter, lr: float) -> None:
    torch.manual_seed(0)
    x, x_test = torch.randn(512, 8), torch.randn(128, 8)
    slope = torch.randn(8, 1)
    model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr)
    schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.995)
    for step in range(STEPS):
        batch = torch.randint(0, 512, (64,))
        loss = nn.functional.mse_loss(model(x[batch]), x[batch] @ slope)
        optimizer.zero_grad()
        loss.backward()
        norm = nn.utils.get_total_norm([p.grad for p in model.parameters()])
        optimizer.step()
        writer.add_scalar("Loss/train", loss, step)
        writer.add_scalar("Grad/norm", norm, step, new_style=True)
        writer.add_scalar("LearningRate", schedule.get_last_lr()[0], step, new_style=True)
        schedule.step()
        if step % 20 == 0:
            with torch.no_grad():
                test = nn.functional.mse_loss(model(x_test), x_test @ slope)
            writer.add_scalar("Loss/test", test, step)
            writer.add_scalars("Loss/both", {"train": loss, "test": test}, step)
            if torch.isfinite(loss):  # add_histogram raises on weights that are all NaN
                log_extras(writer, model, step)
    writer.add_hparams({"lr": lr, "batch": 64}, {"hparam/loss": float(loss)})


def main(folder: Path) -> None:
    for name, lr in (("healthy", 0.02), ("diverging", 2.0)):
        with SummaryWriter(folder / name) as writer:
            train(writer, lr)


main(Path(sys.argv[1]))
