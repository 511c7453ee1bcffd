"""Two of five annotators never read the articles and clicked any topic to be paid by the piece."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from _task import arguments, batches, progress
from torch import Tensor, nn

WORDS, TOPICS = 200, 5


def articles(count: int, *, lazy: int) -> tuple[Tensor, Tensor]:
    """Return counts of words, (count, WORDS), and the topic that an annotator gave each."""
    topic = torch.randint(TOPICS, (count,))
    use = (0.6 * torch.randn(TOPICS, WORDS)).softmax(1)
    drawn = torch.multinomial(use[topic], 50, replacement=True)
    counts = F.one_hot(drawn, WORDS).sum(1).float()
    annotator = torch.randint(5, (count,))
    clicked = torch.randint(TOPICS, (count,))
    return counts, torch.where(annotator < lazy, clicked, topic)


def main() -> None:
    args = arguments(__doc__, steps=400)
    counts, topic = articles(9000, lazy=0 if args.fixed else 2)
    tfidf = counts * (len(counts) / (1 + (counts > 0).sum(0))).log()
    tfidf = tfidf / tfidf.std()
    model = nn.Sequential(nn.Linear(WORDS, 32), nn.ReLU(), nn.Linear(32, TOPICS))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, weight_decay=1e-4)

    for step, (x, y) in enumerate(batches(tfidf, topic, steps=args.steps, size=64)):
        loss = F.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
