"""The training step is written as loss.backward(), zero_grad(), step(): step finds no gradients."""

import torch
import torch.nn.functional as F
from _task import arguments, batches, progress, text
from torch import Tensor, nn

args = arguments(__doc__, steps=300)


class LanguageModel(nn.Module):
    """A transformer of one layer over 24 tokens."""

    def __init__(self, width: int = 32, length: int = 20) -> None:
        super().__init__()
        self.tokens = nn.Embedding(24, width)
        self.places = nn.Parameter(0.1 * torch.randn(length, width))
        self.layer = nn.TransformerEncoderLayer(width, 2, 64, dropout=0.0, batch_first=True)
        self.out = nn.Linear(width, 24)
        self.register_buffer("mask", nn.Transformer.generate_square_subsequent_mask(length))

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.layer(self.tokens(x) + self.places, src_mask=self.mask))


def train_step(tokens: Tensor) -> Tensor:
    """Learn from one batch."""
    logits = model(tokens[:, :-1])
    loss = F.cross_entropy(logits.flatten(0, 1), tokens[:, 1:].flatten())
    if args.fixed:
        optimizer.zero_grad()
    loss.backward()
    if not args.fixed:
        optimizer.zero_grad()
    optimizer.step()
    return loss


model = LanguageModel()
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.01)
for step, (batch,) in enumerate(batches(text(1500), steps=args.steps, size=16)):
    progress(step, args.steps, train_step(batch))
