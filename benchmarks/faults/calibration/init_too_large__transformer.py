"""Init too large: an embedding drawn from N(0, 1) is tied to the output of a transformer.

The embedding keeps `nn.Embedding`'s own initialisation, which is meant for a table that is looked
up, not for a matrix that 64 numbers are multiplied by. Fixed: a standard deviation of 0.02.
"""

from __future__ import annotations

import torch
from _task import arguments, progress
from torch import Tensor, nn

VOCABULARY, LENGTH, WIDTH = 60, 32, 64


class Model(nn.Module):
    """Predicts the next token from those before it."""

    def __init__(self) -> None:
        super().__init__()
        self.tokens = nn.Embedding(VOCABULARY, WIDTH)
        self.places = nn.Embedding(LENGTH, WIDTH)
        block = nn.TransformerEncoderLayer(WIDTH, 4, 128, dropout=0.0, batch_first=True)
        self.blocks = nn.TransformerEncoder(block, 2, enable_nested_tensor=False)
        self.head = nn.Linear(WIDTH, VOCABULARY, bias=False)
        self.head.weight = self.tokens.weight

    def forward(self, x: Tensor) -> Tensor:
        mask = nn.Transformer.generate_square_subsequent_mask(LENGTH)
        h = self.tokens(x) + self.places(torch.arange(LENGTH))
        return self.head(self.blocks(h, mask=mask, is_causal=True))


def main() -> None:
    args = arguments(__doc__, steps=200)
    follows = torch.rand(VOCABULARY, 4).mul(VOCABULARY).long()
    model = Model()
    if args.fixed:
        nn.init.normal_(model.tokens.weight, std=0.02)
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    for step in range(args.steps):
        text = torch.empty(16, LENGTH + 1, dtype=torch.long)
        text[:, 0] = torch.randint(VOCABULARY, (16,))
        for at in range(LENGTH):
            text[:, at + 1] = follows[text[:, at], torch.randint(4, (16,))]
        optimizer.zero_grad()
        loss = criterion(model(text[:, :-1]).flatten(0, 1), text[:, 1:].flatten())
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
