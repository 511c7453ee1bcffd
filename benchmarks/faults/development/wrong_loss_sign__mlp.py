"""NLLLoss gets raw outputs instead of log-probabilities, and falls without bound."""

import torch
from _task import arguments, batches, patients, progress
from torch import nn

args = arguments(__doc__, steps=400)


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(12, 48)
        self.fc2 = nn.Linear(48, 48)
        self.fc3 = nn.Linear(48, 4)
        self.dropout = nn.Dropout(0.1)

    def forward(self, x):
        x = self.dropout(torch.relu(self.fc1(x)))
        x = torch.relu(self.fc2(x))
        x = self.fc3(x)
        if args.fixed:
            x = torch.log_softmax(x, dim=1)
        return x


x, y = patients(3000)
model = Model()
criterion = nn.NLLLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
for step, (features, label) in enumerate(batches(x, y, steps=args.steps, size=64)):
    optimizer.zero_grad()
    output = model(features)
    loss = criterion(output, label)
    loss.backward()
    optimizer.step()
    progress(step, args.steps, loss)
