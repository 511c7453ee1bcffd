"""All weights of a GRU and its head are filled with 0.1, so its 64 units always say the same."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress, text
from torch import Tensor, nn

VOCABULARY = 24


class GRUModel(nn.Module):
    def __init__(self, hidden: int = 64) -> None:
        super().__init__()
        self.embedding = nn.Embedding(VOCABULARY, 24)
        self.gru = nn.GRU(24, hidden, batch_first=True)
        self.head = nn.Linear(hidden, VOCABULARY)

    def forward(self, x: Tensor) -> Tensor:
        states, _ = self.gru(self.embedding(x))
        return self.head(states)


def init_weights(module: nn.Module) -> None:
    if isinstance(module, (nn.GRU, nn.Linear)):
        for name, parameter in module.named_parameters():
            parameter.data.fill_(0.1 if "weight" in name else 0.0)


def main() -> None:
    args = arguments(__doc__, steps=300)
    net = GRUModel()
    if not args.fixed:
        net.apply(init_weights)
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(net.parameters(), lr=5e-3)
    for step, (tokens,) in enumerate(batches(text(), steps=args.steps)):
        optimizer.zero_grad()
        logits = net(tokens[:, :-1])
        loss = criterion(logits.transpose(1, 2), tokens[:, 1:])
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
