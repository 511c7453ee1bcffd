"""Both embeddings of a pair are taken under no_grad, so only the last layer learns."""

import torch
import torch.nn.functional as F
from _task import arguments, images, progress
from torch import Tensor, nn

args = arguments(__doc__, steps=400)


class Siamese(nn.Module):
    """Says whether two pictures show the same shape."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(),
            nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(32, 16),
        )  # fmt: skip
        self.score = nn.Linear(16, 1)

    def embed(self, pictures: Tensor) -> Tensor:
        with torch.set_grad_enabled(args.fixed):
            return self.encoder(pictures)

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        return self.score((self.embed(a) - self.embed(b)).abs()).squeeze(1)


pictures, labels = images(2000, classes=3, noise=0.2)
model = Siamese()
optimizer = torch.optim.Adam(model.parameters(), lr=4e-3)
for step in range(args.steps):
    left = torch.randint(len(labels), (32,))
    right = torch.randint(len(labels), (32,))
    same = (labels[left] == labels[right]).float()
    loss = F.binary_cross_entropy_with_logits(model(pictures[left], pictures[right]), same)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    progress(step, args.steps, loss)
