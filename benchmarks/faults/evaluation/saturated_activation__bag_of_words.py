"""The vectors of two hundred words are added up, not averaged, before a tanh: it is always +-1."""

import torch
import torch.nn.functional as F
from _task import arguments, batches, progress
from torch import Tensor, nn

args = arguments(__doc__, steps=400)
VOCABULARY, LENGTH = 300, 200


class Documents(nn.Module):
    """A deep averaging network."""

    def __init__(self) -> None:
        super().__init__()
        self.words = nn.EmbeddingBag(VOCABULARY, 32, mode="mean" if args.fixed else "sum")
        self.hidden = nn.Linear(32, 32)
        self.topic = nn.Linear(32, 6)

    def forward(self, tokens: Tensor) -> Tensor:
        x = torch.tanh(self.words(tokens))
        x = torch.tanh(self.hidden(x))
        return self.topic(x)


def documents(count: int = 2500, topics: int = 6) -> tuple[Tensor, Tensor]:
    """Return documents, (count, LENGTH), and the topic of each: topics use words unequally."""
    labels = torch.randint(topics, (count,))
    use = (0.35 * torch.randn(topics, VOCABULARY)).softmax(1)
    return torch.multinomial(use[labels], LENGTH, replacement=True), labels


tokens, topics = documents()
model = Documents()
optimizer = torch.optim.Adagrad(model.parameters(), lr=0.03)
for step, (x, y) in enumerate(batches(tokens, topics, steps=args.steps, size=50)):
    loss = F.cross_entropy(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    progress(step, args.steps, loss)
