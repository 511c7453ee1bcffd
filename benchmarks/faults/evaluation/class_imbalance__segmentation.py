"""One scan patch in fifty shows a lesion, so the network calls every pixel healthy.

`--fixed` draws the patches so that half of them show one.
"""

import torch
import torch.nn.functional as F
from _task import arguments, progress
from torch import nn

args = arguments(__doc__, steps=300)
SIZE, SHARE = 12, 0.5 if args.fixed else 0.02


def patches(count):
    """Noisy patches; a lesion is a disc a little brighter than the tissue."""
    grid = torch.arange(SIZE).float()
    centre = 3 + 6 * torch.rand(count, 2, 1, 1)
    radius = 3 + 2 * torch.rand(count, 1, 1)
    disc = (grid[:, None] - centre[:, 0]) ** 2 + (grid - centre[:, 1]) ** 2 < radius**2
    lesion = disc & (torch.rand(count, 1, 1) < SHARE)
    scan = 1.2 * lesion + torch.randn(count, SIZE, SIZE)
    return scan[:, None], lesion.float()[:, None]


scans, lesions = patches(3000)
net = nn.Sequential(
    nn.Conv2d(1, 8, 3, padding=1),
    nn.ReLU(),
    nn.Conv2d(8, 8, 3, padding=1),
    nn.ReLU(),
    nn.Conv2d(8, 1, 3, padding=1),
)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)

for step in range(args.steps):
    rows = torch.randint(len(scans), (24,))
    loss = F.binary_cross_entropy_with_logits(net(scans[rows]), lesions[rows])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    progress(step, args.steps, loss)

with torch.no_grad():
    found = (net(scans) > 0) & (lesions > 0)
print(f"lesion pixels found: {found.sum() / lesions.sum():.2f}")
