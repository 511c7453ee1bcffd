"""What the held-out programs share: flags, data of several kinds, batches, a progress line.

No fault lives here. Every data set is learnable, none at once, and each has noise.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator

import torch
from torch import Tensor
from torch.utils.data import DataLoader, TensorDataset


def arguments(doc: str, steps: int) -> argparse.Namespace:
    """Read the flags, seed torch, and keep it to one thread."""
    parser = argparse.ArgumentParser(description=doc.splitlines()[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=steps)
    parser.add_argument("--fixed", action="store_true", help="train without the fault")
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(args.seed)
    return args


SHAPES = (
    ("#####", "#...#", "#...#", "#...#", "#####"),
    ("..#..", "..#..", "#####", "..#..", "..#.."),
    ("#...#", ".#.#.", "..#..", ".#.#.", "#...#"),
    ("#####", "..#..", "..#..", "..#..", "..#.."),
    ("#....", "#....", "#....", "#....", "#####"),
    ("..#..", ".#.#.", "#...#", ".#.#.", "..#.."),
    ("#####", "....#", "..##.", ".#...", "#####"),
    ("#...#", "#...#", "#####", "#...#", "#...#"),
)


def images(count: int = 3000, *, classes: int = 8, noise: float = 0.5) -> tuple[Tensor, Tensor]:
    """Return noisy pictures of a shape somewhere, (count, 1, 12, 12), and which shape it is.

    Pixels have mean about 0 and standard deviation about 1.
    """
    canvas = torch.zeros(len(SHAPES), 12, 12)
    canvas[:, :5, :5] = torch.tensor([[[dot == "#" for dot in row] for row in s] for s in SHAPES])
    labels = torch.randint(classes, (count,))
    rows = (torch.arange(12) - torch.randint(8, (count, 1))) % 12
    columns = (torch.arange(12) - torch.randint(8, (count, 1))) % 12
    pictures = canvas[labels[:, None, None], rows[:, :, None], columns[:, None, :]]
    noisy = 2.5 * (pictures - 0.08) + noise * torch.randn_like(pictures)
    return noisy[:, None], labels


def series(count: int = 3000, *, classes: int = 4, length: int = 24) -> tuple[Tensor, Tensor]:
    """Return noisy two-channel recordings, (count, length, 2), and the kind of each.

    The kind says how fast the waves are and which channel runs ahead.
    """
    labels = torch.randint(classes, (count,))
    time = torch.arange(length) / length
    turns = 2.0 + 1.5 * (labels // 2)
    lag = torch.where(labels % 2 == 0, 1.0, -1.0) * math.pi / 2
    phase = 2 * math.pi * (turns[:, None] * time + torch.rand(count, 1))
    waves = torch.stack((phase.sin(), (phase + lag[:, None]).sin()), 2)
    return 1.2 * waves + 0.4 * torch.randn_like(waves), labels


def text(count: int = 2000, *, vocabulary: int = 24, length: int = 20) -> Tensor:
    """Return token sequences, (count, length + 1), of a language in which few tokens may follow.

    What follows depends on the last two tokens; each is drawn from four, unequally likely.
    """
    followers = torch.rand(vocabulary, 3, vocabulary).topk(4, dim=2).indices
    choice = torch.multinomial(torch.tensor([0.6, 0.2, 0.15, 0.05]), count * length, True)
    choice = choice.view(length, count)
    tokens = [torch.randint(vocabulary, (count,)), torch.randint(vocabulary, (count,))]
    for step in range(length - 1):
        tokens.append(followers[tokens[-1], tokens[-2] % 3, choice[step]])
    return torch.stack(tokens, 1)


def sentences(
    count: int = 3000, *, vocabulary: int = 60, length: int = 12
) -> tuple[Tensor, Tensor]:
    """Return token sequences, (count, length), and 1 where they are positive, 0 elsewhere.

    Token 0 negates the word after it; every other word has a tone of its own.
    """
    tokens = torch.randint(1, vocabulary, (count, length))
    tokens[torch.rand(count, length) < 0.1] = 0
    tone = torch.randn(vocabulary)
    tone[0] = 0.0
    negated = torch.zeros(count, length, dtype=torch.bool)
    negated[:, 1:] = tokens[:, :-1] == 0
    total = torch.where(negated, -tone[tokens], tone[tokens]).sum(1)
    return tokens, (total + 0.3 * torch.randn(count) > 0).long()


def ratings(
    count: int = 6000, *, users: int = 150, items: int = 80
) -> tuple[Tensor, Tensor, Tensor]:
    """Return who rated what and the rating, (count,) each; ratings have mean about 0, std about 1.

    A rating is the taste of the user for the item, plus how generous the one and good the other is.
    """
    taste, style = torch.randn(users, 2), torch.randn(items, 2)
    generous, good = 0.5 * torch.randn(users), 0.5 * torch.randn(items)
    user, item = torch.randint(users, (count,)), torch.randint(items, (count,))
    liking = 0.5 * (taste[user] * style[item]).sum(1) + generous[user] + good[item]
    return user, item, liking + 0.2 * torch.randn(count)


def houses(count: int = 3000) -> tuple[Tensor, Tensor]:
    """Return standardised features, (count, 10), and the standardised price of each, (count, 1)."""
    x = torch.randn(count, 10)
    price = x[:, 0] * x[:, 1].tanh() + (1.5 * x[:, 2]).sin() + 0.7 * x[:, 3].abs() + 0.4 * x[:, 4]
    price = price + 0.15 * torch.randn(count)
    return x, ((price - price.mean()) / price.std())[:, None]


def patients(count: int = 3000, *, classes: int = 4) -> tuple[Tensor, Tensor]:
    """Return standardised measurements, (count, 12), and the group of each, by a curved border.

    Groups are equally frequent; about one in ten lies on the wrong side.
    """
    x = torch.randn(count, 12)
    score = x[:, 0] * x[:, 1] + x[:, 2] + 0.8 * (2 * x[:, 3]).sin() + 0.2 * torch.randn(count)
    borders = score.quantile(torch.linspace(0, 1, classes + 1)[1:-1])
    return x, torch.bucketize(score, borders)


def profiles(count: int = 3000, *, width: int = 32) -> Tensor:
    """Return smooth noisy curves, (count, width), that four numbers describe; std 1."""
    place = torch.linspace(-1, 1, width)
    centre, spread = 1.2 * torch.rand(count, 1) - 0.6, 0.15 + 0.25 * torch.rand(count, 1)
    height, slope = 2 * torch.randn(count, 1), 0.8 * torch.randn(count, 1)
    bumps = height * (-(((place - centre) / spread) ** 2) / 2).exp() + slope * place
    curves = bumps + 0.1 * torch.randn(count, width)
    return curves / curves.std()


def batches(
    *tensors: Tensor, steps: int, size: int = 32, shuffle: bool = True
) -> Iterator[tuple[Tensor, ...]]:
    """Yield that many batches, epoch after epoch."""
    loader = DataLoader(TensorDataset(*tensors), batch_size=size, shuffle=shuffle, drop_last=True)
    for step in range(steps):
        if step % len(loader) == 0:
            epoch = iter(loader)
        yield next(epoch)


def progress(step: int, steps: int, loss: Tensor) -> None:
    """Print the loss ten times a training."""
    if step % max(1, steps // 10) == 0 or step == steps - 1:
        print(f"step {step:4d}  loss {loss.item():.4f}", flush=True)
