"""A transformer is trained with a learning rate of 0.1 and no warm-up.

Adam with the learning rate of an SGD recipe: OpenNMT/OpenNMT-py#805.
"""

from __future__ import annotations

import torch
from _task import arguments, batches, progress, text
from torch import Tensor, nn

VOCABULARY, LENGTH = 24, 20


class LanguageModel(nn.Module):
    def __init__(self, dim: int = 32) -> None:
        super().__init__()
        self.tokens = nn.Embedding(VOCABULARY, dim)
        self.positions = nn.Parameter(0.02 * torch.randn(LENGTH, dim))
        layer = nn.TransformerEncoderLayer(dim, 2, 64, dropout=0.0, batch_first=True)
        self.body = nn.TransformerEncoder(layer, num_layers=2)
        self.to_logits = nn.Linear(dim, VOCABULARY)

    def forward(self, x: Tensor) -> Tensor:
        mask = nn.Transformer.generate_square_subsequent_mask(LENGTH)
        return self.to_logits(self.body(self.tokens(x) + self.positions, mask=mask))


def main() -> None:
    args = arguments(__doc__, steps=300)
    model = LanguageModel()
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3 if args.fixed else 0.1)
    for step, (tokens,) in enumerate(batches(text(), steps=args.steps, size=24)):
        logits = model(tokens[:, :-1])
        loss = criterion(logits.flatten(0, 1), tokens[:, 1:].flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
