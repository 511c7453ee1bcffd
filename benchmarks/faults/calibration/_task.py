"""What the programs that thresholds are set on share: flags, batches, a progress line."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import torch
from torch import Tensor
from torch.utils.data import DataLoader, TensorDataset


def arguments(doc: str, steps: int) -> argparse.Namespace:
    """Read the flags, seed torch, and keep it to one thread."""
    parser = argparse.ArgumentParser(description=doc.splitlines()[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=steps)
    parser.add_argument("--fixed", action="store_true", help="train without the fault")
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(args.seed)
    return args


def batches(*tensors: Tensor, steps: int, size: int = 32) -> Iterator[tuple[Tensor, ...]]:
    """Yield that many shuffled batches, epoch after epoch."""
    loader = DataLoader(TensorDataset(*tensors), batch_size=size, shuffle=True, drop_last=True)
    for step in range(steps):
        if step % len(loader) == 0:
            epoch = iter(loader)
        yield next(epoch)


def progress(step: int, steps: int, loss: Tensor) -> None:
    """Print the loss ten times a training."""
    if step % max(1, steps // 10) == 0 or step == steps - 1:
        print(f"step {step:4d}  loss {loss.item():.4f}", flush=True)
