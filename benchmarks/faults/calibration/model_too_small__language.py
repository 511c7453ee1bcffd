"""A small language model with d_model=4, one head and a feed-forward part of four units."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

VOCABULARY, LENGTH = 24, 16


class Model(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.tokens = nn.Embedding(VOCABULARY, width)
        self.places = nn.Embedding(LENGTH, width)
        self.block = nn.TransformerEncoderLayer(
            width, heads, 2 * width, dropout=0.0, batch_first=True, norm_first=True
        )
        self.out = nn.Linear(width, VOCABULARY)
        self.register_buffer("mask", nn.Transformer.generate_square_subsequent_mask(LENGTH))

    def forward(self, x: Tensor) -> Tensor:
        x = self.tokens(x) + self.places(torch.arange(x.shape[1]))
        return self.out(self.block(x, src_mask=self.mask, is_causal=True))


def text(count: int) -> Tensor:
    """Return texts in which each token has three followers."""
    followers = torch.rand(VOCABULARY, VOCABULARY).topk(3, dim=1).indices
    tokens = [torch.randint(VOCABULARY, (count,))]
    for _ in range(LENGTH):
        tokens.append(followers[tokens[-1], torch.randint(3, (count,)) % 2])
    return torch.stack(tokens, 1)


def main() -> None:
    args = arguments(__doc__, steps=500)
    model = Model(48, 4) if args.fixed else Model(2, 1)
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.01)
    for step, (x,) in enumerate(batches(text(2500), steps=args.steps, size=32)):
        optimizer.zero_grad()
        loss = criterion(model(x[:, :-1]).reshape(-1, VOCABULARY), x[:, 1:].reshape(-1))
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
