"""The network ends in nn.Softmax and is trained with nn.CrossEntropyLoss.

As in https://github.com/jindongwang/Deep-learning-activity-recognition/issues/10.
"""

import torch.nn as nn
import torch.optim as optim
from _task import arguments, batches, images, progress

args = arguments(__doc__, steps=350)


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Sequential(nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2))
        self.conv2 = nn.Sequential(nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2))
        self.fc1 = nn.Sequential(nn.Linear(32 * 9, 64), nn.ReLU())
        self.fc2 = nn.Linear(64, 8)
        self.softmax = nn.Identity() if args.fixed else nn.Softmax(dim=1)

    def forward(self, x):
        out = self.conv2(self.conv1(x))
        out = out.reshape(-1, 32 * 9)
        out = self.fc2(self.fc1(out))
        return self.softmax(out)


x_train, y_train = images(3000)
model = Network()
criterion = nn.CrossEntropyLoss()
optimizer = optim.SGD(model.parameters(), lr=0.05, momentum=0.9)

for index, (sample, target) in enumerate(batches(x_train, y_train, steps=args.steps, size=64)):
    output = model(sample)
    loss = criterion(output, target)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    progress(index, args.steps, loss)
