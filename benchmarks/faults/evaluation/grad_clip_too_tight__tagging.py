"""Every value of the tagger's gradient is clipped to a millionth, and its weights hardly move.

The bound was divided by a loss scale that is no longer there; `--fixed` clips values at 1.
"""

import torch
import torch.nn.functional as F
from _task import arguments, batches, progress, text
from torch import nn

args = arguments(__doc__, steps=250)

VOCABULARY, TAGS = 24, 5
tokens = text(2000, vocabulary=VOCABULARY, length=14)
kind = torch.randint(TAGS, (VOCABULARY,))
shift = torch.randint(2, (VOCABULARY,))
tags = (kind[tokens] + F.pad(shift[tokens[:, 1:]], (0, 1))) % TAGS
clip = 1.0 if args.fixed else 1e-6


class BiGruTagger(nn.Module):
    def __init__(self, dim=16, hidden=24):
        super().__init__()
        self.embed = nn.Embedding(VOCABULARY, dim)
        self.gru = nn.GRU(dim, hidden, batch_first=True, bidirectional=True)
        self.out = nn.Linear(2 * hidden, TAGS)

    def forward(self, tokens):
        states, _ = self.gru(self.embed(tokens))
        return self.out(states)


model = BiGruTagger()
optimizer = torch.optim.SGD(model.parameters(), lr=0.5, momentum=0.9)

for step, (x, y) in enumerate(batches(tokens, tags, steps=args.steps, size=32)):
    loss = F.cross_entropy(model(x).flatten(0, 1), y.flatten())
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_value_(model.parameters(), clip)
    optimizer.step()
    progress(step, args.steps, loss)
