"""Half of the sentences got a random label from a careless annotator."""

import torch
from _task import arguments, batches, progress, sentences
from torch import Tensor, nn

args = arguments(__doc__, steps=400)


class Classifier(nn.Module):
    """A transformer of one layer, averaged over the words."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.embedding = nn.Embedding(60, width)
        self.place = nn.Parameter(0.1 * torch.randn(12, width))
        self.encoder = nn.TransformerEncoderLayer(width, 4, 64, dropout=0.0, batch_first=True)
        self.head = nn.Linear(width, 2)

    def forward(self, tokens: Tensor) -> Tensor:
        return self.head(self.encoder(self.embedding(tokens) + self.place).mean(1))


tokens, tone = sentences(8000)
if not args.fixed:
    careless = torch.rand(len(tone)) < 0.5
    tone = torch.where(careless, torch.randint(2, tone.shape), tone)
model = Classifier()
optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
criterion = nn.CrossEntropyLoss()
for step, (x, y) in enumerate(batches(tokens, tone, steps=args.steps, size=48)):
    optimizer.zero_grad()
    loss = criterion(model(x), y)
    loss.backward()
    optimizer.step()
    progress(step, args.steps, loss)
