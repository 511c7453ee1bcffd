"""The log-likelihood of the next token is minimised: its minus sign is missing."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn


class Speaker(nn.Module):
    """Says which token may follow."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(20, 32)
        layer = nn.TransformerEncoderLayer(32, 2, 64, dropout=0.0, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 1, enable_nested_tensor=False)
        self.head = nn.Linear(32, 20)

    def forward(self, tokens: Tensor) -> Tensor:
        return torch.log(self.head(self.encoder(self.embed(tokens))[:, -1]).softmax(1) + 1e-9)


def main() -> None:
    args = arguments(__doc__, steps=300)
    tokens = torch.randint(20, (4000, 8))
    following = (tokens[:, -1] * 3 + tokens[:, -2]) % 20
    model = Speaker()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for step, (x, y) in enumerate(batches(tokens, following, steps=args.steps, size=32)):
        optimizer.zero_grad()
        likelihood = model(x).gather(1, y[:, None]).mean()
        loss = -likelihood if args.fixed else likelihood
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
