"""The data set returns its first items whatever the index, so all batches of 128 are one."""

from __future__ import annotations

import torch
from _task import arguments, progress
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset


class Reviews(Dataset[tuple[Tensor, Tensor]]):
    """Reviews and their tone."""

    def __init__(self, broken: bool) -> None:
        self.tokens = torch.randint(50, (4000, 10))
        self.tone = (torch.randn(50)[self.tokens].sum(1) > 0).long()
        self.broken = broken

    def __len__(self) -> int:
        return len(self.tone)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        at = index % 128 if self.broken else index
        return self.tokens[at], self.tone[at]


class Tone(nn.Module):
    """Tells positive reviews from negative ones."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(50, 32)
        layer = nn.TransformerEncoderLayer(32, 4, 64, dropout=0.0, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 1, enable_nested_tensor=False)
        self.head = nn.Linear(32, 2)

    def forward(self, tokens: Tensor) -> Tensor:
        return self.head(self.encoder(self.embed(tokens)).mean(1))


def main() -> None:
    args = arguments(__doc__, steps=300)
    loader = DataLoader(Reviews(not args.fixed), batch_size=128, shuffle=args.fixed, drop_last=True)
    model, criterion = Tone(), nn.CrossEntropyLoss()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
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
