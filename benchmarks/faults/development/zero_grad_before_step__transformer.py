"""zero_grad() stands between backward() and step(), so step() finds no gradient.

As in https://github.com/Tony-Y/pytorch_warmup/issues/12.
"""

import torch
from _task import arguments, batches, progress, text
from torch import nn
from torch.optim.lr_scheduler import CosineAnnealingLR

args = arguments(__doc__, steps=250)


class LanguageModel(nn.Module):
    def __init__(self, vocabulary=24, dim=32, length=20):
        super().__init__()
        self.embed = nn.Embedding(vocabulary, dim)
        self.place = nn.Parameter(0.02 * torch.randn(length, dim))
        block = nn.TransformerEncoderLayer(
            dim, nhead=4, dim_feedforward=64, dropout=0.0, batch_first=True
        )
        self.blocks = nn.TransformerEncoder(block, num_layers=1)
        self.unembed = nn.Linear(dim, vocabulary)
        self.register_buffer("mask", nn.Transformer.generate_square_subsequent_mask(length))

    def forward(self, ids):
        x = self.embed(ids) + self.place
        return self.unembed(self.blocks(x, mask=self.mask))


corpus = text(2000, length=20)
model = LanguageModel()
optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
scheduler = CosineAnnealingLR(optimizer, args.steps, eta_min=1e-4)
for step, (ids,) in enumerate(batches(corpus, steps=args.steps, size=32)):
    logits = model(ids[:, :-1])
    loss = nn.functional.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten())
    loss.backward()
    if not args.fixed:
        optimizer.zero_grad()
    optimizer.step()
    scheduler.step()
    if args.fixed:
        optimizer.zero_grad()
    progress(step, args.steps, loss)
