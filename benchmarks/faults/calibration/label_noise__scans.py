"""A language model learns from scanned text, in which every fourth token was read as any other."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

TOKENS, LENGTH = 20, 16


class Model(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.tokens = nn.Embedding(TOKENS, 48)
        self.places = nn.Embedding(LENGTH, 48)
        self.block = nn.TransformerEncoderLayer(48, 4, 96, dropout=0.0, batch_first=True)
        self.out = nn.Linear(48, TOKENS)
        self.register_buffer("mask", nn.Transformer.generate_square_subsequent_mask(LENGTH))

    def forward(self, x: Tensor) -> Tensor:
        x = self.tokens(x) + self.places(torch.arange(x.shape[1]))
        return self.out(self.block(x, src_mask=self.mask, is_causal=True))


def text(count: int) -> Tensor:
    """Return texts in which each token follows from the two before it."""
    table = torch.randint(TOKENS, (TOKENS, 4))
    tokens = list(torch.randint(TOKENS, (2, count)))
    for _ in range(LENGTH - 1):
        tokens.append(table[tokens[-1], tokens[-2] % 4])
    return torch.stack(tokens, 1)


def main() -> None:
    args = arguments(__doc__, steps=500)
    x = text(1500)
    misread = torch.rand(x.shape) < (0.0 if args.fixed else 0.25)
    scanned = torch.where(misread, torch.randint(TOKENS, x.shape), x)
    model, criterion = Model(), nn.CrossEntropyLoss()
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for step, (s,) in enumerate(batches(scanned, steps=args.steps, size=32)):
        optimizer.zero_grad()
        logits = model(s[:, :-1])
        loss = criterion(logits.reshape(-1, TOKENS), s[:, 1:].reshape(-1))
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
