"""The gates of a click model start with a bias of -12: their sigmoids are shut and stay shut."""

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

args = arguments(__doc__, steps=500)
FIELDS, VALUES, SIZE = 6, 30, 8


class GatedClicks(nn.Module):
    """Field vectors, hidden units each behind a gate, one logit."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(FIELDS * VALUES, SIZE)
        self.hidden = nn.Linear(FIELDS * SIZE, 64)
        self.gate = nn.Linear(FIELDS * SIZE, 64)
        self.logit = nn.Linear(64, 1)
        nn.init.constant_(self.gate.bias, 0.0 if args.fixed else -12.0)
        self.offsets = VALUES * torch.arange(FIELDS)

    def forward(self, fields: Tensor) -> Tensor:
        x = self.embed(fields + self.offsets).flatten(1)
        return self.logit(self.gate(x).sigmoid() * self.hidden(x).relu())[:, 0]


def impressions(count: int = 12000) -> tuple[Tensor, Tensor]:
    """Return the fields of impressions, (count, FIELDS), and which were clicked."""
    fields = torch.randint(VALUES, (count, FIELDS))
    appeal = torch.randn(FIELDS, VALUES)
    parts = appeal[torch.arange(FIELDS), fields]
    score = 1.5 * parts[:, :4].sum(1) + parts[:, 4] * parts[:, 5]
    return fields, (score + 0.5 * torch.randn(count) > 0.5).float()


fields, clicked = impressions()
train, val = slice(0, 11000), slice(11000, None)
model = GatedClicks()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
criterion = nn.BCEWithLogitsLoss()
loader = batches(fields[train], clicked[train], steps=args.steps, size=64)
for step, (x, y) in enumerate(loader):
    optimizer.zero_grad()
    loss = criterion(model(x), y)
    loss.backward()
    optimizer.step()
    progress(step, args.steps, loss)
    if step % 50 == 49:
        with torch.no_grad():
            val_loss = criterion(model(fields[val]), clicked[val])
        print(f"step {step:4d}  val_loss {val_loss.item():.4f}")
