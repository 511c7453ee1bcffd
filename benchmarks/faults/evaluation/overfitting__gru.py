"""A recurrent network with 64 units learns by heart the forty recordings that it was given."""

import torch
from _task import arguments, batches, progress, series
from torch import Tensor, nn

args = arguments(__doc__, steps=400)
EXAMPLES = 6000 if args.fixed else 40


class Listener(nn.Module):
    """A recording to one of four kinds."""

    def __init__(self, hidden: int = 64) -> None:
        super().__init__()
        self.gru = nn.GRU(2, hidden, batch_first=True)
        self.head = nn.Sequential(nn.Linear(hidden, 32), nn.ReLU(), nn.Linear(32, 4))

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.gru(x)[0].mean(1))


recordings, kinds = series(6400, length=16)
recordings = recordings + 0.8 * torch.randn_like(recordings)
train, val = slice(0, EXAMPLES), slice(6000, None)
model = Listener()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
criterion = nn.CrossEntropyLoss()
loader = batches(recordings[train], kinds[train], steps=args.steps, size=20)
for step, (x, y) in enumerate(loader):
    model.train()
    optimizer.zero_grad()
    loss = criterion(model(x), y)
    loss.backward()
    optimizer.step()
    progress(step, args.steps, loss)
    if (step + 1) % 20 == 0:
        model.eval()
        with torch.no_grad():
            val_loss = criterion(model(recordings[val]), kinds[val])
        print(f"step {step:4d}  val_loss {val_loss.item():.4f}")
