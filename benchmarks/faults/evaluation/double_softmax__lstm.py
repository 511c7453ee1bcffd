"""The LSTM's forward returns softmax probabilities, and CrossEntropyLoss takes them for logits."""

from _task import arguments, batches, progress, series
from torch import Tensor, nn, optim

args = arguments(__doc__, steps=400)


class WaveClassifier(nn.Module):
    """Says which of four kinds a recording is."""

    def __init__(self, hidden: int = 32, classes: int = 4) -> None:
        super().__init__()
        self.lstm = nn.LSTM(2, hidden, batch_first=True)
        self.head = nn.Sequential(nn.Linear(hidden, 32), nn.ReLU(), nn.Linear(32, classes))
        self.softmax = nn.Identity() if args.fixed else nn.Softmax(dim=1)

    def forward(self, x: Tensor) -> Tensor:
        _, (last, _) = self.lstm(x)
        return self.softmax(self.head(last[-1]))


x, y = series(2500)
net = WaveClassifier()
criterion = nn.CrossEntropyLoss()
opt = optim.RMSprop(net.parameters(), lr=2e-3)
for step, (bx, by) in enumerate(batches(x, y, steps=args.steps, size=32)):
    opt.zero_grad()
    loss = criterion(net(bx), by)
    loss.backward()
    opt.step()
    progress(step, args.steps, loss)
