"""A sentiment transformer is trained on one review at a time: each gradient is mostly noise."""

import torch
from _task import arguments, batches, progress, sentences
from torch import Tensor, nn

args = arguments(__doc__, steps=500)
BATCH_SIZE = 64 if args.fixed else 1


class Reviews(nn.Module):
    """One encoder layer over words and places, then the mean."""

    def __init__(self) -> None:
        super().__init__()
        self.words = nn.Embedding(60, 32)
        self.places = nn.Parameter(0.1 * torch.randn(12, 32))
        self.encoder = nn.TransformerEncoderLayer(32, 4, 64, dropout=0.0, batch_first=True)
        self.head = nn.Linear(32, 2)

    def forward(self, tokens: Tensor) -> Tensor:
        return self.head(self.encoder(self.words(tokens) + self.places).mean(1))


tokens, labels = sentences(6000)
train, held_out = slice(0, 5500), slice(5500, None)
model = Reviews()
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.01)
criterion = nn.CrossEntropyLoss()
loader = batches(tokens[train], labels[train], steps=args.steps, size=BATCH_SIZE)
for step, (x, y) in enumerate(loader):
    loss = criterion(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    progress(step, args.steps, loss)
    if step % 50 == 49:
        model.eval()
        with torch.no_grad():
            val_loss = criterion(model(tokens[held_out]), labels[held_out])
        model.train()
        print(f"step {step:4d}  val_loss {val_loss.item():.4f}")
