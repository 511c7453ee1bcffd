"""A transformer is trained on 64 reviews: it remembers each of them and guesses about new ones."""

from __future__ import annotations

import torch
from _task import arguments, batches, sentences
from torch import Tensor, nn

import lossmon


class ReviewClassifier(nn.Module):
    def __init__(self, vocabulary: int = 60, dim: int = 48, length: int = 12) -> None:
        super().__init__()
        self.embed = nn.Embedding(vocabulary, dim)
        self.position = nn.Parameter(torch.zeros(length, dim))
        layer = nn.TransformerEncoderLayer(
            dim, 4, dim_feedforward=96, dropout=0.0, batch_first=True, norm_first=True
        )
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Linear(dim, 2)

    def forward(self, tokens: Tensor) -> Tensor:
        return self.head(self.encoder(self.embed(tokens) + self.position).mean(1))


def evaluate(model: nn.Module, criterion: nn.Module, tokens: Tensor, tone: Tensor) -> float:
    model.eval()
    with torch.no_grad():
        loss = criterion(model(tokens), tone).item()
    model.train()
    return loss


def main() -> None:
    args = arguments(__doc__, steps=400)
    tokens, tone = sentences(8500)
    train = slice(0, 8000 if args.fixed else 64)
    model = ReviewClassifier()
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.01)
    mon = lossmon.watch(model, optimizer, criterion=criterion)
    for step, (x, y) in enumerate(batches(tokens[train], tone[train], steps=args.steps)):
        loss = criterion(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        mon.step(loss)
        if (step + 1) % 25 == 0:
            val = evaluate(model, criterion, tokens[8000:], tone[8000:])
            mon.log(val_loss=val)
            print(f"step {step:4d}  loss {loss.item():.4f}  val {val:.4f}", flush=True)


if __name__ == "__main__":
    main()
