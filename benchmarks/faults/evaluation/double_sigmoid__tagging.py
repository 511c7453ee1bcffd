"""The tagger ends in a sigmoid, and binary_cross_entropy_with_logits applies another."""

import torch
import torch.nn.functional as F
from _task import arguments, batches, progress, sentences
from torch import Tensor, nn

args = arguments(__doc__, steps=400)


class NegationTagger(nn.Module):
    """Marks every word that is negated or negates."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(60, 16)
        self.rnn = nn.GRU(16, 24, batch_first=True, bidirectional=True)
        self.out = nn.Linear(48, 1)

    def forward(self, tokens: Tensor) -> Tensor:
        hidden, _ = self.rnn(self.embedding(tokens))
        score = self.out(hidden).squeeze(-1)
        return score if args.fixed else torch.sigmoid(score)


tokens, _ = sentences(2000)
tags = tokens == 0
tags[:, 1:] |= tokens[:, :-1] == 0
model = NegationTagger()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)

for step, (x, y) in enumerate(batches(tokens, tags.float(), steps=args.steps, size=32)):
    loss = F.binary_cross_entropy_with_logits(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    progress(step, args.steps, loss)
