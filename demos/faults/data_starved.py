"""Every example is unpacked and parsed anew whenever it is asked for."""

from __future__ import annotations

import json
import zlib

import torch
from _task import CLASSES, PIXELS, arguments, gratings, progress
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset


class Stored(Dataset[tuple[Tensor, int]]):
    """Packed examples, as they lie on a disk; `unpacked` makes tensors of them once."""

    def __init__(self, images: Tensor, labels: Tensor, *, unpacked: bool) -> None:
        rows = zip(images.tolist(), labels.tolist(), strict=True)
        texts = (json.dumps({"pixels": row * 8, "label": label}) for row, label in rows)
        self._packed = [zlib.compress(text.encode()) for text in texts]
        self._ready = [_unpack(text) for text in self._packed] if unpacked else None

    def __len__(self) -> int:
        return len(self._packed)

    def __getitem__(self, at: int) -> tuple[Tensor, int]:
        return _unpack(self._packed[at]) if self._ready is None else self._ready[at]


def _unpack(packed: bytes) -> tuple[Tensor, int]:
    """Return the mean over the eight exposures of an image, and its label."""
    found = json.loads(zlib.decompress(packed))
    return torch.tensor(found["pixels"]).view(8, PIXELS).mean(0), found["label"]


def main() -> None:
    args = arguments(__doc__, steps=300)
    data = Stored(*gratings(1600), unpacked=args.fixed)  # the fault
    loader = DataLoader(data, batch_size=32, shuffle=True, drop_last=True)
    model = nn.Sequential(
        nn.Linear(PIXELS, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, CLASSES)
    )
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    step = 0
    while step < args.steps:
        for x, y in loader:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            progress(step, args.steps, loss)
            step += 1
            if step == args.steps:
                break


if __name__ == "__main__":
    main()
