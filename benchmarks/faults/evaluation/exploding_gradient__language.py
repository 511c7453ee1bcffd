"""Recurrent weights that stretch threefold a step: over fifty steps the gradients explode."""

import torch
from _task import arguments, batches, progress, text
from torch import Tensor, nn

args = arguments(__doc__, steps=400)


class Language(nn.Module):
    """The next token from a plain tanh recurrence."""

    def __init__(self, vocabulary: int = 24, width: int = 64) -> None:
        super().__init__()
        self.embed = nn.Embedding(vocabulary, 24)
        self.rnn = nn.RNN(24, width, batch_first=True)
        self.head = nn.Linear(width, vocabulary)
        nn.init.orthogonal_(self.rnn.weight_hh_l0, gain=0.9 if args.fixed else 3.0)

    def forward(self, tokens: Tensor) -> Tensor:
        return self.head(self.rnn(self.embed(tokens))[0])


lines = text(2200, length=50)
train, val = lines[:2000], lines[2000:]
model = Language()
optimizer = torch.optim.Adam(model.parameters(), lr=0.002)
criterion = nn.CrossEntropyLoss()
for step, (line,) in enumerate(batches(train, steps=args.steps, size=32)):
    optimizer.zero_grad()
    loss = criterion(model(line[:, :-1]).flatten(0, 1), line[:, 1:].flatten())
    loss.backward()
    optimizer.step()
    progress(step, args.steps, loss)
    if step % 80 == 79:
        with torch.no_grad():
            val_loss = criterion(model(val[:, :-1]).flatten(0, 1), val[:, 1:].flatten())
        print(f"step {step:4d}  val_loss {val_loss.item():.4f}")
