"""A ReLU recurrence tags long sequences without gradient clipping, and soon its gradients explode."""

import torch
import torch.nn.functional as F
from _task import arguments, batches, progress
from torch import Tensor, nn

args = arguments(__doc__, steps=400)


class Tagger(nn.Module):
    """Tokens to a tag at each place, by a recurrence that starts as the identity."""

    def __init__(self, vocabulary: int = 12, tags: int = 5, width: int = 40) -> None:
        super().__init__()
        self.embed = nn.Embedding(vocabulary, 16)
        self.rnn = nn.RNN(16, width, nonlinearity="relu", batch_first=True)
        self.tags = nn.Linear(width, tags)
        with torch.no_grad():
            self.rnn.weight_hh_l0.copy_(torch.eye(width))
            self.rnn.weight_ih_l0.normal_(std=0.02)

    def forward(self, tokens: Tensor) -> Tensor:
        states, _ = self.rnn(self.embed(tokens))
        return self.tags(states)


def sequences(count: int = 2500, length: int = 60) -> tuple[Tensor, Tensor]:
    """Return tokens and tags, (count, length) each: a token's tag says which bracket is open."""
    tokens = torch.randint(12, (count, length))
    tags = torch.zeros(count, length, dtype=torch.long)
    state = torch.zeros(count, dtype=torch.long)
    for place in range(length):
        token = tokens[:, place]
        state = torch.where(token < 5, token, state)
        tags[:, place] = state
    return tokens, tags


tokens, tags = sequences()
model = Tagger()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
for step, (x, y) in enumerate(batches(tokens, tags, steps=args.steps, size=32)):
    optimizer.zero_grad()
    loss = F.cross_entropy(model(x).flatten(0, 1), y.flatten())
    loss.backward()
    if args.fixed:
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    progress(step, args.steps, loss)
