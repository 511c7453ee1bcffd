"""Each forward pass holds one user's impressions, and BatchNorm subtracts the user from them.

The columns that describe the user are constant within a pass, so their batch statistics wipe them
out; `--fixed` leaves the inputs, which are standardised, alone.
"""

import torch
import torch.nn.functional as F
from _task import arguments, progress
from torch import nn

args = arguments(__doc__, steps=300)

USERS, SHOWN, SESSIONS = 600, 12, 8
about_user = torch.randn(USERS, 6)
taste = torch.randn(6)
taste = 4 * taste / taste.norm()


def session(user):
    """Return what one user was shown, features (SHOWN, 10), and what was clicked."""
    advert = torch.randn(SHOWN, 4)
    features = torch.cat([about_user[user].expand(SHOWN, 6), advert], dim=1)
    score = about_user[user] @ taste + 0.7 * advert[:, 0]
    return features, (torch.rand(SHOWN) < torch.sigmoid(score)).float()


class ClickModel(nn.Module):
    def __init__(self, inputs=10, hidden=32):
        super().__init__()
        self.input_norm = nn.Identity() if args.fixed else nn.BatchNorm1d(inputs)
        self.fc1 = nn.Linear(inputs, hidden)
        self.fc2 = nn.Linear(hidden, hidden)
        self.head = nn.Linear(hidden, 1)

    def forward(self, x):
        x = self.input_norm(x)
        x = torch.relu(self.fc1(x))
        x = torch.relu(self.fc2(x))
        return self.head(x).squeeze(1)


model = ClickModel()
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
for step in range(args.steps):
    optimizer.zero_grad()
    losses = []
    for user in torch.randint(USERS, (SESSIONS,)).tolist():
        features, clicked = session(user)
        loss = F.binary_cross_entropy_with_logits(model(features), clicked)
        (loss / SESSIONS).backward()
        losses.append(loss.detach())
    optimizer.step()
    progress(step, args.steps, torch.stack(losses).mean())
