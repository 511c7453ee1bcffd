"""Softmax over a single output unit: the prediction is always 1.

As in https://github.com/huggingface/transformers/pull/7726, "it will always return 1".
"""

import torch
from _task import arguments, batches, progress, series
from torch import nn

args = arguments(__doc__, steps=300)


class BinaryLSTM(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(2, 24, num_layers=1, batch_first=True)
        self.linear = nn.Linear(24, 1)
        self.out = nn.Sigmoid() if args.fixed else nn.Softmax(dim=1)

    def forward(self, x):
        _, (hidden, _) = self.lstm(x)
        return self.out(self.linear(hidden[-1]))


recordings, ahead = series(3000, classes=2)
model = BinaryLSTM()
loss_function = nn.BCELoss()
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
for step, (x, y) in enumerate(batches(recordings, ahead, steps=args.steps, size=50)):
    model.zero_grad()
    y_pred = model(x)
    loss = loss_function(y_pred, y.float().view(-1, 1))
    loss.backward()
    optimizer.step()
    progress(step, args.steps, loss)
