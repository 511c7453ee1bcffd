"""One picture in fifty shows a defect, and the detector never reports one.

A model that named only the majority: https://github.com/abhuse/polyloss-pytorch/issues/5.
"""

import torch
from _task import arguments, images, progress
from torch import nn

args = arguments(__doc__, steps=300)


def production_line(count, share=0.02):
    """Return pictures and whether they show the defect, which is a cross."""
    pictures, shape = images(count, classes=2, noise=0.8)
    good = (shape == 0).nonzero().flatten()
    bad = (shape == 1).nonzero().flatten()
    keep = torch.cat((good, bad[: int(share * len(good))]))
    keep = keep[torch.randperm(len(keep))]
    return pictures[keep], shape[keep].float()


class DefectNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 8, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(8, 16, 3, padding=1),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(1),
        )
        self.score = nn.Linear(16, 1)

    def forward(self, x):
        return self.score(self.features(x).flatten(1)).squeeze(1)


x, y = production_line(8000)
rare, common = (y == 1).nonzero().flatten(), (y == 0).nonzero().flatten()
model = DefectNet()
criterion = nn.BCEWithLogitsLoss()
optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
for step in range(args.steps):
    if args.fixed:
        half = rare[torch.randint(len(rare), (32,))], common[torch.randint(len(common), (32,))]
        rows = torch.cat(half)
    else:
        rows = torch.randint(len(x), (64,))
    loss = criterion(model(x[rows]), y[rows])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    progress(step, args.steps, loss)
