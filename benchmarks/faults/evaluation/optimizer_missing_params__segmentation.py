"""The convolutions sit in a plain Python list, so that model.parameters() has only the last."""

import torch
import torch.nn.functional as F
from _task import arguments, images, progress
from torch import Tensor, nn

args = arguments(__doc__, steps=300)


class Segmenter(nn.Module):
    """Marks the bounding square of the shape in a picture."""

    def __init__(self, width: int = 12) -> None:
        super().__init__()
        layers = [nn.Conv2d(i, width, 3, padding=1) for i in (1, width, width, width)]
        self.convolutions = nn.ModuleList(layers) if args.fixed else layers
        self.out = nn.Conv2d(width, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        for convolution in self.convolutions:
            x = F.relu(convolution(x))
        return self.out(x).squeeze(1)


pictures, _ = images(1500, noise=0.6)
lit = (F.avg_pool2d(pictures, 5, stride=1, padding=2).squeeze(1) > 0.5).float()
model = Segmenter()
optimizer = torch.optim.Adam(model.parameters(), lr=4e-3)
for step in range(args.steps):
    chosen = torch.randint(len(pictures), (24,))
    loss = F.binary_cross_entropy_with_logits(model(pictures[chosen]), lit[chosen])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    progress(step, args.steps, loss)
