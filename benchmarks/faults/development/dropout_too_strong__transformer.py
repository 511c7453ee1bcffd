"""`dropout=0.9` was meant as the share to keep, but it is the share that a transformer loses.

A keep probability given as the drop probability: piergiaj/pytorch-i3d#58,
hassony2/kinetics_i3d_pytorch#6.
"""

from __future__ import annotations

import torch
from _task import arguments, batches, text
from torch import Tensor, nn

import lossmon

VOCABULARY, LENGTH = 24, 20


class LM(nn.Module):
    def __init__(self, dropout: float, dim: int = 48) -> None:
        super().__init__()
        self.embed = nn.Embedding(VOCABULARY, dim)
        self.position = nn.Embedding(LENGTH, dim)
        self.drop = nn.Dropout(dropout)
        layer = nn.TransformerEncoderLayer(
            dim, 4, 96, dropout=dropout, batch_first=True, norm_first=True
        )
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Linear(dim, VOCABULARY)

    def forward(self, tokens: Tensor) -> Tensor:
        mask = nn.Transformer.generate_square_subsequent_mask(LENGTH)
        x = self.drop(self.embed(tokens) + self.position.weight)
        return self.head(self.encoder(x, mask=mask)).flatten(0, 1)


def main() -> None:
    args = arguments(__doc__, steps=250)
    data = text(2200)
    model = LM(dropout=0.1 if args.fixed else 0.9)
    loss_fn = nn.CrossEntropyLoss()
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    mon = lossmon.watch(model, optimizer, criterion=loss_fn)
    held_out = data[2000:]
    for step, (tokens,) in enumerate(batches(data[:2000], steps=args.steps, size=24)):
        optimizer.zero_grad()
        loss = loss_fn(model(tokens[:, :-1]), tokens[:, 1:].flatten())
        loss.backward()
        optimizer.step()
        mon.step(loss)
        if (step + 1) % 25 == 0:
            model.eval()
            with torch.no_grad():
                val = loss_fn(model(held_out[:, :-1]), held_out[:, 1:].flatten()).item()
            model.train()
            mon.log(val_loss=val)
            print(f"step {step:4d}  loss {loss.item():.4f}  val {val:.4f}", flush=True)


if __name__ == "__main__":
    main()
