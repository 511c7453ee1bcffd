"""The ReLU layer before the LSTM has only negative weights for inputs from 0 to 1, and stays dark.

The bounds of the uniform initialisation were given as (-2, 0); `--fixed` gives (-2, 2).
"""

import torch
from _task import arguments, progress, series
from torch import nn

args = arguments(__doc__, steps=400)
recordings, kind = series(2500)
low, high = recordings.amin((0, 1)), recordings.amax((0, 1))
recordings = (recordings - low) / (high - low)


class SensorLSTM(nn.Module):
    def __init__(self, features=24, hidden=32, classes=4):
        super().__init__()
        self.features = nn.Linear(2, features)
        self.lstm = nn.LSTM(features, hidden, batch_first=True)
        self.head = nn.Linear(hidden, classes)
        nn.init.uniform_(self.features.weight, -2.0, 2.0 if args.fixed else 0.0)
        nn.init.zeros_(self.features.bias)

    def forward(self, x):
        x = torch.relu(self.features(x))
        out, _ = self.lstm(x)
        return self.head(out.mean(dim=1) + out[:, -1])


model = SensorLSTM()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
criterion = nn.CrossEntropyLoss()

for step in range(args.steps):
    rows = torch.randint(len(kind), (40,))
    loss = criterion(model(recordings[rows]), kind[rows])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    progress(step, args.steps, loss)
