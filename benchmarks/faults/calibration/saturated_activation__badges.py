"""Codes of players and games are pinned within 150 steps: their tanh is sharpened on a schedule.

After HashNet, which does so over the whole training. Fixed: over the whole training, up to four.
"""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

PLAYERS, GAMES, BITS = 200, 120, 24


class Badges(nn.Module):
    """A product of codes, each of a table and of what kind it is."""

    def __init__(self) -> None:
        super().__init__()
        self.player, self.game = nn.Embedding(PLAYERS, BITS), nn.Embedding(GAMES, BITS)
        self.league, self.genre = nn.Embedding(10, BITS), nn.Embedding(10, BITS)
        self.liked = nn.Embedding(GAMES, 1)

    def forward(self, player: Tensor, game: Tensor, sharp: float) -> Tensor:
        mine = torch.tanh(sharp * (self.player(player) + self.league(player % 10)))
        its = torch.tanh(sharp * (self.game(game) + self.genre(game % 10)))
        return (mine * its).sum(1) / 6 + self.liked(game)[:, 0]


def main() -> None:
    args = arguments(__doc__, steps=900)
    player, game = torch.randint(PLAYERS, (15000,)), torch.randint(GAMES, (15000,))
    score = (torch.randn(PLAYERS, 4)[player] * torch.randn(GAMES, 4)[game]).sum(1)
    score = 0.7 * score + torch.randn(GAMES)[game] + 0.3 * torch.randn(15000)
    model = Badges()
    criterion = nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for step, (p, g, y) in enumerate(batches(player, game, score, steps=args.steps, size=128)):
        sharp = 1 + 3 * step / args.steps if args.fixed else 1 + min(step, 150) / 3
        optimizer.zero_grad()
        loss = criterion(model(p, g, sharp), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
