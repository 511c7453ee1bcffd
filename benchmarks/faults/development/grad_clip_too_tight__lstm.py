"""Every single number of the gradient is clipped to 0.00001, far below what most of them are.

All batches clipped, twentyfold on average: wandb/senpai#978.
"""

from __future__ import annotations

import torch
from _task import arguments, batches, progress, text
from torch import Tensor, nn

VOCABULARY = 24


class CharLSTM(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(VOCABULARY, 24)
        self.lstm = nn.LSTM(24, 64, batch_first=True)
        self.fc = nn.Linear(64, VOCABULARY)

    def forward(self, x: Tensor) -> Tensor:
        out, _ = self.lstm(self.embedding(x))
        return self.fc(out)


def main() -> None:
    args = arguments(__doc__, steps=300)
    clip = 1.0 if args.fixed else 1e-5
    model = CharLSTM()
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0, momentum=0.9)
    for step, (tokens,) in enumerate(batches(text(), steps=args.steps)):
        logits = model(tokens[:, :-1])
        loss = criterion(logits.transpose(1, 2), tokens[:, 1:])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_value_(model.parameters(), clip)
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
