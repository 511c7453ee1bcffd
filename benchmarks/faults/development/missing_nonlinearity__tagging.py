"""The tagger's convolutions follow one another without an activation, so it is one linear map.

Whether a word is tagged depends on it and its neighbour together, which no sum over words can say;
`--fixed` puts a ReLU after each.
"""

import torch
import torch.nn.functional as F
from _task import arguments, batches, progress
from torch import nn

args = arguments(__doc__, steps=500)

VOCABULARY = 40
words = torch.randint(VOCABULARY, (3000, 14))
sort = torch.arange(VOCABULARY) % 2
# Tagged when the word and the one before are of the same sort; the first follows a word of sort 0.
tags = (sort[words] == F.pad(sort[words[:, :-1]], (1, 0))).long()
wrong = torch.rand(tags.shape) < 0.03
tags = torch.where(wrong, 1 - tags, tags)


def block(inputs, outputs):
    conv = nn.Conv1d(inputs, outputs, 3, padding=1)
    return nn.Sequential(conv, nn.ReLU()) if args.fixed else conv


class ConvTagger(nn.Module):
    def __init__(self, dim=16):
        super().__init__()
        self.embedding = nn.Embedding(VOCABULARY, dim)
        self.layers = nn.Sequential(block(dim, 32), block(32, 32), block(32, 32))
        self.head = nn.Conv1d(32, 2, 1)

    def forward(self, words):
        return self.head(self.layers(self.embedding(words).transpose(1, 2)))


model = ConvTagger()
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
for step, (x, y) in enumerate(batches(words, tags, steps=args.steps, size=32)):
    loss = F.cross_entropy(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    progress(step, args.steps, loss)
