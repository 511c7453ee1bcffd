"""A third of the utterances went to the intent next to theirs in the annotators' list.

As common as in Clothing1M, where 38 % of labels are wrong (Xiao et al. 2015, section 5).
"""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

WORDS, LENGTH, INTENTS = 72, 12, 6


class Classifier(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.words, self.places = nn.Embedding(WORDS, 48), nn.Embedding(LENGTH, 48)
        layer = nn.TransformerEncoderLayer(48, 4, 96, 0.1, batch_first=True, norm_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.out = nn.Linear(48, INTENTS)

    def forward(self, words: Tensor) -> Tensor:
        return self.out(self.encoder(self.words(words) + self.places.weight)[:, 0])


def utterances(count: int) -> tuple[Tensor, Tensor]:
    """Return utterances of which every other word tells the intent, and the intents."""
    intent = torch.randint(INTENTS, (count,))
    share = WORDS // INTENTS
    telling = intent[:, None] * share + torch.randint(share, (count, LENGTH))
    words = torch.where(
        torch.rand(count, LENGTH) < 0.5, telling, torch.randint(WORDS, (count, LENGTH))
    )
    return words, intent


def main() -> None:
    args = arguments(__doc__, steps=600)
    words, intents = utterances(5000)
    slipped = torch.rand(len(intents)) < (0.0 if args.fixed else 0.35)
    intents = torch.where(slipped, (intents + 1) % INTENTS, intents)
    model, criterion = Classifier(), nn.CrossEntropyLoss()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    for step, (x, y) in enumerate(batches(words, intents, steps=args.steps, size=32)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
