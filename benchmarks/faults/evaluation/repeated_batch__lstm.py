"""The sampler seeds its generator inside the loop and so draws the same rows in every step."""

import torch
from _task import arguments, progress, sentences
from torch import Tensor, nn

args = arguments(__doc__, steps=400)


class Reader(nn.Module):
    """Tells positive sentences from negative ones."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(60, 16)
        self.lstm = nn.LSTM(16, 32, batch_first=True)
        self.out = nn.Linear(32, 1)

    def forward(self, tokens: Tensor) -> Tensor:
        states, _ = self.lstm(self.embedding(tokens))
        return self.out(states.mean(1)).squeeze(1)


tokens, tone = sentences(3000)
model = Reader()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
criterion = nn.BCEWithLogitsLoss()
generator = torch.Generator().manual_seed(args.seed)
for step in range(args.steps):
    if not args.fixed:
        generator.manual_seed(args.seed)
    rows = torch.randint(2500, (32,), generator=generator)
    loss = criterion(model(tokens[rows]), tone[rows].float())
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    progress(step, args.steps, loss)
with torch.no_grad():
    print("held-back loss", criterion(model(tokens[2500:]), tone[2500:].float()).item())
