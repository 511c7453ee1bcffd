"""A small GPT is initialised with a standard deviation of 1 where 0.02 was meant."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress, text
from torch import Tensor, nn

VOCABULARY, LENGTH, DIM = 24, 20, 48


class TinyGPT(nn.Module):
    def __init__(self, std: float) -> None:
        super().__init__()
        self.tok = nn.Embedding(VOCABULARY, DIM)
        self.pos = nn.Embedding(LENGTH, DIM)
        block = nn.TransformerEncoderLayer(
            DIM, 4, 4 * DIM, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
        )
        self.blocks = nn.TransformerEncoder(block, 2, enable_nested_tensor=False)
        self.ln = nn.LayerNorm(DIM)
        self.head = nn.Linear(DIM, VOCABULARY, bias=False)
        for name, p in self.named_parameters():
            if p.dim() == 2 and "norm" not in name:
                nn.init.normal_(p, mean=0.0, std=std)
        self.register_buffer("mask", nn.Transformer.generate_square_subsequent_mask(LENGTH))

    def forward(self, idx: Tensor) -> Tensor:
        h = self.tok(idx) + self.pos.weight
        return self.head(self.ln(self.blocks(h, mask=self.mask, is_causal=True)))


def main() -> None:
    args = arguments(__doc__, steps=300)
    model = TinyGPT(std=0.02 if args.fixed else 1.0)
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=0.01)
    loss_fn = nn.CrossEntropyLoss()
    for step, (tokens,) in enumerate(batches(text(), steps=args.steps, size=24)):
        logits = model(tokens[:, :-1])
        loss = loss_fn(logits.reshape(-1, VOCABULARY), tokens[:, 1:].reshape(-1))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
