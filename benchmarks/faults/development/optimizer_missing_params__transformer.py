"""The head is exchanged after the optimizer was made, so the new head is never trained."""

import torch
from _task import arguments, batches, progress, sentences
from torch import nn

args = arguments(__doc__, steps=350)


class Encoder(nn.Module):
    def __init__(self, vocabulary=60, dim=32, length=12):
        super().__init__()
        self.tokens = nn.Embedding(vocabulary, dim)
        self.places = nn.Parameter(0.1 * torch.randn(length, dim))
        block = nn.TransformerEncoderLayer(dim, 4, 64, dropout=0.0, batch_first=True)
        self.blocks = nn.TransformerEncoder(block, 1, enable_nested_tensor=False)
        self.head = nn.Linear(dim, vocabulary)

    def forward(self, ids):
        hidden = self.blocks(self.tokens(ids) + self.places)
        return self.head(hidden.mean(1))


def add_classifier(model, labels=2):
    model.head = nn.Sequential(nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, labels))
    for name, weight in model.head.named_parameters():
        if name.endswith("weight"):
            nn.init.normal_(weight, std=0.02)


model = Encoder()
if args.fixed:
    add_classifier(model)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, betas=(0.9, 0.98))
if not args.fixed:
    add_classifier(model)

texts, sentiment = sentences(3000)
for step, (ids, label) in enumerate(batches(texts, sentiment, steps=args.steps, size=64)):
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(model(ids), label)
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    progress(step, args.steps, loss)
