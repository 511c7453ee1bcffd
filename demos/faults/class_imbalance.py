"""One part in fifty is defective, and calling every part sound is right 98 % of the time.

The network gets no further. Fixed: batches are drawn with as many defects as sound parts.
"""

from __future__ import annotations

import torch
from _task import PIXELS, arguments, gratings, progress
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset, WeightedRandomSampler

SOUND, DEFECTIVE = 0, 1
SOUND_FOR_EACH = 49


def parts(count: int = 20_000) -> tuple[Tensor, Tensor]:
    """Return images of parts and which are defective: those whose grain runs the other way."""
    images, angles = gratings(4 * count)
    sound, defective = images[angles != 0], images[angles == 0]
    defects = count // (1 + SOUND_FOR_EACH)
    images = torch.cat((sound[: count - defects], defective[:defects]))
    labels = torch.full((count,), SOUND)
    labels[-defects:] = DEFECTIVE
    return images, labels


def main() -> None:
    args = arguments(__doc__, steps=600)
    images, labels = parts()
    weights = 1 / labels.bincount()[labels] if args.fixed else torch.ones(len(labels))  # the fault
    sampler = WeightedRandomSampler(weights.tolist(), num_samples=32 * args.steps)
    loader = DataLoader(TensorDataset(images, labels), batch_size=32, sampler=sampler)
    model = nn.Sequential(nn.Linear(PIXELS, 64), nn.ReLU(), nn.Linear(64, 2))
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.02)
    for step, (x, y) in enumerate(loader):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
