"""Sales are counted a day after the click, and those that come later are labelled "no sale".

Nearly half of the buyers need longer; `--fixed` waits for all. See Chapelle, Modeling Delayed
Feedback in Display Advertising, KDD 2014.
"""

import torch
import torch.nn.functional as F
from _task import arguments, batches, progress
from torch import nn

args = arguments(__doc__, steps=500)

CLICKS, ADVERTISERS, SITES = 15000, 30, 20
advertiser = torch.randint(ADVERTISERS, (CLICKS,))
site = torch.randint(SITES, (CLICKS,))
visitor = torch.randn(CLICKS, 5)

appeal, audience = torch.randn(ADVERTISERS, 2), torch.randn(SITES, 2)
wish = (appeal[advertiser] * audience[site]).sum(1) + 1.5 * visitor[:, 0] + visitor[:, 1].abs()
buys = torch.rand(CLICKS) < torch.sigmoid(6 * (wish - wish.median()))
delay_in_days = 1.25 * -torch.rand(CLICKS).log()
sold = buys if args.fixed else buys & (delay_in_days < 1)


class SaleModel(nn.Module):
    def __init__(self, dim=8, hidden=64):
        super().__init__()
        self.advertiser = nn.Embedding(ADVERTISERS, dim)
        self.site = nn.Embedding(SITES, dim)
        self.dense = nn.Linear(5, dim)
        self.mlp = nn.Sequential(
            nn.Linear(4 * dim, hidden), nn.ReLU(), nn.Linear(hidden, 32), nn.ReLU()
        )
        self.out = nn.Linear(32, 1)

    def forward(self, advertiser, site, visitor):
        a, s = self.advertiser(advertiser), self.site(site)
        x = torch.cat([a, s, a * s, self.dense(visitor)], dim=1)
        return self.out(self.mlp(x)).squeeze(1)


model = SaleModel()
optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3, weight_decay=1e-3)
warmup = torch.optim.lr_scheduler.LinearLR(optimizer, 0.1, total_iters=40)
loader = batches(advertiser, site, visitor, sold.float(), steps=args.steps, size=100)
for step, (a, s, v, y) in enumerate(loader):
    optimizer.zero_grad()
    loss = F.binary_cross_entropy_with_logits(model(a, s, v), y)
    loss.backward()
    optimizer.step()
    warmup.step()
    progress(step, args.steps, loss)
