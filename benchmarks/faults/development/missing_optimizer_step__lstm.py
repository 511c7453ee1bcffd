"""An epoch has fewer batches than gradients are accumulated for, so step() is never reached.

As in https://github.com/huggingface/transformers/issues/2995.
"""

import torch
from _task import arguments, progress, series
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

args = arguments(__doc__, steps=400)
accumulation_steps = 1 if args.fixed else 32


class SequenceClassifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.gru = nn.GRU(input_size=2, hidden_size=32, batch_first=True)
        self.fc = nn.Linear(32, 4)

    def forward(self, x):
        out, _ = self.gru(x)
        return self.fc(out[:, -1])


dataset = TensorDataset(*series(800))
loader = DataLoader(dataset, batch_size=32, shuffle=True)  # 25 batches
model = SequenceClassifier()
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)

for epoch in range(args.steps // len(loader)):
    optimizer.zero_grad()
    for i, (x, y) in enumerate(loader):
        loss = criterion(model(x), y) / accumulation_steps
        loss.backward()
        if (i + 1) % accumulation_steps == 0:
            optimizer.step()
            optimizer.zero_grad()
        progress(epoch * len(loader) + i, args.steps, loss * accumulation_steps)
