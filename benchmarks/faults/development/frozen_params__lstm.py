"""The recurrent part is frozen while the head warms up, and the unfreezing does nothing.

As in https://github.com/nttcslab/byol-a/issues/7: parameters without requires_grad are skipped.
"""

import torch
from _task import arguments, batches, progress, series
from torch import nn

args = arguments(__doc__, steps=400)


class Recogniser(nn.Module):
    def __init__(self, channels=2, hidden=32, classes=4):
        super().__init__()
        self.lstm = nn.LSTM(channels, hidden, batch_first=True)
        self.head = nn.Linear(hidden, classes)

    def set_trainable(self, flag):
        for p in self.lstm.parameters():
            if p.requires_grad or args.fixed:
                p.requires_grad = flag

    def forward(self, x):
        _, (h, _) = self.lstm(x)
        return self.head(h[-1])


recordings, kinds = series(3000)
model = Recogniser()
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
loss_fn = nn.CrossEntropyLoss()

model.set_trainable(False)
for step, (x, y) in enumerate(batches(recordings, kinds, steps=args.steps, size=64)):
    if step == 20:
        model.set_trainable(True)
    loss = loss_fn(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
    optimizer.step()
    progress(step, args.steps, loss)
