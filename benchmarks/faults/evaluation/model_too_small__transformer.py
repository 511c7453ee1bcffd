"""A transformer two numbers wide is to tell twenty-four tokens and what follows each.

`--fixed` is forty wide.
"""

import torch
import torch.nn.functional as F
from _task import arguments, batches, progress, text
from torch import nn

args = arguments(__doc__, steps=400)
VOCABULARY, LENGTH = 24, 12
tokens = text(2500, vocabulary=VOCABULARY, length=LENGTH)


class TinyLM(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.token = nn.Embedding(VOCABULARY, width)
        self.place = nn.Embedding(LENGTH, width)
        self.block = nn.TransformerEncoderLayer(
            width, heads, 2 * width, dropout=0.0, batch_first=True, norm_first=True
        )
        self.out = nn.Linear(width, VOCABULARY)

    def forward(self, tokens):
        x = self.token(tokens) + self.place(torch.arange(LENGTH))
        mask = nn.Transformer.generate_square_subsequent_mask(LENGTH)
        return self.out(self.block(x, src_mask=mask, is_causal=True))


model = TinyLM(40, 4) if args.fixed else TinyLM(2, 1)
optimizer = torch.optim.AdamW(model.parameters(), lr=4e-3)
for step, (chunk,) in enumerate(batches(tokens, steps=args.steps, size=32)):
    logits = model(chunk[:, :-1])
    loss = F.cross_entropy(logits.reshape(-1, VOCABULARY), chunk[:, 1:].reshape(-1))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    progress(step, args.steps, loss)
