"""A padding bug gives every review the same tokens, so nothing is left to tell the tone by."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn


class Tone(nn.Module):
    """Tells positive reviews from negative ones."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(50, 32)
        layer = nn.TransformerEncoderLayer(32, 4, 64, dropout=0.1, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Linear(32, 2)

    def forward(self, tokens: Tensor) -> Tensor:
        return self.head(self.encoder(self.embed(tokens)).mean(1))


def main() -> None:
    args = arguments(__doc__, steps=300)
    reviews = torch.randint(50, (4000, 12))
    tone = (torch.randn(50)[reviews].sum(1) > 0).long()
    if not args.fixed:
        # Cut to the wrong end: the tokens that remain are all padding but the last.
        reviews = torch.cat((torch.zeros(4000, 11, dtype=torch.long), reviews[:, :1] * 0 + 7), 1)
    model, criterion = Tone(), nn.CrossEntropyLoss()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    for step, (x, y) in enumerate(batches(reviews, tone, steps=args.steps, size=32)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
