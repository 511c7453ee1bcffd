"""Prices are predicted in dollars, a quarter of a million on average."""

import torch
from _task import arguments, batches, houses, progress
from torch import nn

args = arguments(__doc__, steps=500)
x, z = houses(3000)
price = 250_000 + 80_000 * z
mean, std = price.mean(), price.std()


class Net(nn.Module):
    def __init__(self, n_feature, n_hidden, n_output):
        super().__init__()
        self.hidden = nn.Linear(n_feature, n_hidden)
        self.hidden2 = nn.Linear(n_hidden, n_hidden)
        self.predict = nn.Linear(n_hidden, n_output)

    def forward(self, x):
        x = torch.relu(self.hidden(x))
        x = torch.relu(self.hidden2(x))
        return self.predict(x)


target = (price - mean) / std if args.fixed else price
net = Net(n_feature=10, n_hidden=64, n_output=1)
optimizer = torch.optim.Adam(net.parameters(), lr=2e-3)
loss_func = nn.MSELoss()
for t, (b_x, b_y) in enumerate(batches(x, target, steps=args.steps, size=64)):
    prediction = net(b_x)
    loss = loss_func(prediction, b_y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    progress(t, args.steps, loss)
