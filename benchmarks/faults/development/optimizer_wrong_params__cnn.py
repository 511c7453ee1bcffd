"""The network is built a second time after the optimizer was made for the first one.

As in https://github.com/spro/practical-pytorch/issues/9, where a cell built the model again.
"""

from _task import arguments, batches, images, progress
from torch import nn, optim

args = arguments(__doc__, steps=300)
x, y = images(2000)


class ShapeNet(nn.Module):
    def __init__(self, num_classes=8):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 12, 3, padding=1)
        self.conv2 = nn.Conv2d(12, 24, 3, padding=1)
        self.pool = nn.MaxPool2d(2)
        self.act = nn.ReLU()
        self.fc1 = nn.Linear(24 * 3 * 3, 48)
        self.fc2 = nn.Linear(48, num_classes)

    def forward(self, x):
        x = self.pool(self.act(self.conv1(x)))
        x = self.pool(self.act(self.conv2(x)))
        x = self.act(self.fc1(x.flatten(1)))
        return self.fc2(x)


net = ShapeNet()
criterion = nn.CrossEntropyLoss()
optimizer = optim.SGD(net.parameters(), lr=0.03, momentum=0.9)

net = net if args.fixed else ShapeNet(num_classes=8)
print(net)

for i, (inputs, labels) in enumerate(batches(x, y, steps=args.steps, size=32)):
    optimizer.zero_grad()
    outputs = net(inputs)
    loss = criterion(outputs, labels)
    loss.backward()
    optimizer.step()
    progress(i, args.steps, loss)
