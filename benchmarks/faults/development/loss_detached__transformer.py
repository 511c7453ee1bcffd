"""The method that encodes runs under no_grad, a leftover from inference; only the head learns.

A feature extractor that detached its output: https://github.com/lucidrains/CoCa-pytorch/issues/6.
"""

import torch
from _task import arguments, batches, progress, sentences
from torch import nn

args = arguments(__doc__, steps=350)


class Sentiment(nn.Module):
    def __init__(self, vocabulary=60, dim=16, heads=2, layers=2):
        super().__init__()
        self.embed = nn.Embedding(vocabulary, dim)
        self.position = nn.Embedding(12, dim)
        layer = nn.TransformerEncoderLayer(
            dim, heads, dim_feedforward=48, dropout=0.0, batch_first=True, norm_first=True
        )
        self.encoder = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)
        self.classify = nn.Linear(dim, 2)

    def encode(self, tokens):
        places = torch.arange(tokens.shape[1])
        return self.encoder(self.embed(tokens) + self.position(places)).mean(dim=1)

    def forward(self, tokens):
        with torch.set_grad_enabled(args.fixed):
            features = self.encode(tokens)
        return self.classify(features)


tokens, labels = sentences(3000)
model = Sentiment()
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
criterion = nn.CrossEntropyLoss()
for step, (x, y) in enumerate(batches(tokens, labels, steps=args.steps, size=64)):
    optimizer.zero_grad()
    loss = criterion(model(x), y)
    loss.backward()
    optimizer.step()
    progress(step, args.steps, loss)
