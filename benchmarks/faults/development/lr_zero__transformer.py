"""The warm-up starts at 0 and its scheduler is stepped once an epoch; the first epoch is the run.

Warm-up that starts at 0: https://github.com/huggingface/transformers/issues/34754.
"""

import math

import torch
from _task import arguments, progress, sentences
from torch import nn
from torch.optim.lr_scheduler import LambdaLR
from torch.utils.data import DataLoader, TensorDataset

args = arguments(__doc__, steps=300)
warmup_steps, total_steps = 30, args.steps


def schedule(step):
    if step < warmup_steps:
        return step / warmup_steps
    return 0.5 * (1 + math.cos(math.pi * (step - warmup_steps) / (total_steps - warmup_steps + 1)))


class TextClassifier(nn.Module):
    def __init__(self, d_model=32):
        super().__init__()
        self.embedding = nn.Embedding(60, d_model)
        self.attention = nn.MultiheadAttention(d_model, 4, batch_first=True)
        self.norm = nn.LayerNorm(d_model)
        self.ff = nn.Sequential(nn.Linear(d_model, 64), nn.GELU(), nn.Linear(64, 2))

    def forward(self, ids):
        x = self.embedding(ids)
        attended, _ = self.attention(x, x, x, need_weights=False)
        return self.ff(self.norm(x + attended).mean(dim=1))


data = TensorDataset(*sentences(32 * args.steps))
loader = DataLoader(data, batch_size=32, shuffle=True)
model = TextClassifier()
optimizer = torch.optim.AdamW(model.parameters(), lr=6e-3)
scheduler = LambdaLR(optimizer, schedule)
for _epoch in range(1):
    for step, (ids, label) in enumerate(loader):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(ids), label)
        loss.backward()
        optimizer.step()
        if args.fixed:
            scheduler.step()
        progress(step, args.steps, loss)
    scheduler.step()
