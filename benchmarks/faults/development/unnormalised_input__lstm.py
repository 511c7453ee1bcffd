"""Raw counts of a 12-bit converter go into the LSTM, whose gates they pin."""

import torch
from _task import arguments, progress, series
from torch import nn

args = arguments(__doc__, steps=400)


def read_sensor(count):
    """Return counts from 0 to 4095 of both channels, and what was recorded."""
    volts, kind = series(count)
    return (2048 + 500 * volts).round().clamp(0, 4095), kind


class GestureLSTM(nn.Module):
    def __init__(self, hidden=32):
        super().__init__()
        self.rnn = nn.LSTM(2, hidden, batch_first=True)
        self.classifier = nn.Sequential(nn.Linear(hidden, 32), nn.ReLU(), nn.Linear(32, 4))

    def forward(self, x):
        states, _ = self.rnn(x)
        return self.classifier(states.mean(1))


counts, kind = read_sensor(3000)
if args.fixed:
    counts = (counts - counts.mean((0, 1))) / counts.std((0, 1))
model = GestureLSTM()
optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
for step in range(args.steps):
    rows = torch.randint(0, len(counts), (64,))
    logits = model(counts[rows])
    loss = nn.functional.cross_entropy(logits, kind[rows])
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    progress(step, args.steps, loss)
