"""nll_loss already takes the minus sign, and the loop puts another before it."""

import torch
import torch.nn.functional as F
from _task import arguments, batches, progress, sentences
from torch import Tensor, nn

args = arguments(__doc__, steps=400)


class Sentiment(nn.Module):
    """Reads a sentence and returns log-probabilities of its tone."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(60, 24)
        self.gru = nn.GRU(24, 32, batch_first=True)
        self.linear = nn.Linear(32, 2)

    def forward(self, tokens: Tensor) -> Tensor:
        states, _ = self.gru(self.embedding(tokens))
        return F.log_softmax(self.linear(states.mean(1)), dim=1)


tokens, tone = sentences(3000)
model = Sentiment()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
for step, (x, y) in enumerate(batches(tokens, tone, steps=args.steps, size=32)):
    loss = F.nll_loss(model(x), y)
    if not args.fixed:
        loss = -loss
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 5.0)
    optimizer.step()
    progress(step, args.steps, loss)
