"""One message in fifty is a complaint, and the reader never finds one."""

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

args = arguments(__doc__, steps=400)
COMPLAINTS = 0.5 if args.fixed else 0.02


class Reader(nn.Module):
    """One encoder layer over the words, then the mean."""

    def __init__(self, width: int = 24) -> None:
        super().__init__()
        self.words = nn.Embedding(80, width)
        self.encoder = nn.TransformerEncoderLayer(width, 2, 48, dropout=0.0, batch_first=True)
        self.head = nn.Linear(width, 1)

    def forward(self, tokens: Tensor) -> Tensor:
        return self.head(self.encoder(self.words(tokens)).mean(1))[:, 0]


def messages(count: int = 4000, length: int = 12) -> tuple[Tensor, Tensor]:
    """Return tokens, (count, length), and 1 for a complaint, which has pointed words."""
    complaint = (torch.rand(count) < COMPLAINTS).float()
    tokens = torch.randint(80, (count, length))
    pointed = torch.rand(count, length) < 0.5 * complaint[:, None]
    return torch.where(pointed, torch.randint(20, (count, length)), tokens), complaint


tokens, complaint = messages()
model = Reader()
optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9)
criterion = nn.BCEWithLogitsLoss()
loader = batches(tokens[:3500], complaint[:3500], steps=args.steps, size=32)
for step, (x, y) in enumerate(loader):
    optimizer.zero_grad()
    loss = criterion(model(x), y)
    loss.backward()
    optimizer.step()
    progress(step, args.steps, loss)
    if step % 50 == 49:
        with torch.no_grad():
            val_loss = criterion(model(tokens[3500:]), complaint[3500:])
        print(f"step {step:4d}  val_loss {val_loss.item():.4f}")
