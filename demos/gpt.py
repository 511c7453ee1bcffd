"""A small GPT learns to spell English from the documentation that ships with Python.

A healthy training: pre-norm causal attention blocks, AdamW with warm-up and cosine decay, gradient
clipping. Characters are the tokens; the text is the docstrings of the standard library, so that it
needs no download and is the same in every run of one Python version.
"""

from __future__ import annotations

import argparse
import importlib
import inspect
import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

MODULES = "argparse ast collections configparser csv ctypes datetime decimal difflib doctest email "
MODULES += "fractions functools gettext heapq http inspect itertools json locale logging mailbox "
MODULES += "math optparse os pathlib pickle pprint random re shutil sqlite3 statistics string "
MODULES += "subprocess tarfile textwrap threading tokenize traceback typing unittest uuid zipfile"


def corpus() -> str:
    """Return the docstrings of some modules and of what they define, ASCII only."""
    texts: dict[str, None] = {}
    for name in MODULES.split():
        module = importlib.import_module(name)
        members = [getattr(module, key) for key in sorted(vars(module)) if key[0] != "_"]
        for thing in (module, *members):
            if inspect.isclass(thing) or callable(thing) or thing is module:
                texts[inspect.getdoc(thing) or ""] = None
    return "".join(c for c in "\n\n".join(texts) if c == "\n" or " " <= c <= "~")


class Block(nn.Module):
    """Causal self-attention, then a two-layer perceptron, each behind a norm and a shortcut."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.mix = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        split = self.qkv(self.norm1(x)).unflatten(-1, (3, self.heads, -1))
        q, k, v = split.permute(2, 0, 3, 1, 4)
        attended = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.mix(attended.transpose(1, 2).flatten(2))
        return x + self.down(F.gelu(self.up(self.norm2(x))))


class GPT(nn.Module):
    """Characters in, logits of the next character out."""

    def __init__(self, vocabulary: int, context: int, *, width: int, depth: int, tied: bool):
        super().__init__()
        self.token = nn.Embedding(vocabulary, width)
        self.position = nn.Parameter(0.02 * torch.randn(context, width))
        self.blocks = nn.Sequential(*(Block(width, width // 16) for _ in range(depth)))
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, vocabulary, bias=False)
        nn.init.normal_(self.token.weight, std=0.02)
        if tied:
            self.head.weight = self.token.weight

    def forward(self, tokens: Tensor) -> Tensor:
        x = self.token(tokens) + self.position[: tokens.shape[1]]
        return self.head(self.norm(self.blocks(x)))


def rate(step: int, steps: int) -> float:
    """Return the share of the peak rate: linear warm-up over a tenth, then cosine to 5 %."""
    warm = max(1, steps // 10)
    if step < warm:
        return (step + 1) / warm
    return 0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, steps - warm)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--context", type=int, default=32)
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--depth", type=int, default=2)
    parser.add_argument("--lr", type=float, default=5e-3)
    parser.add_argument("--tied", action="store_true", help="one matrix for embedding and head")
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(args.seed)

    text = corpus()
    characters = sorted(set(text))
    data = torch.tensor([characters.index(c) for c in text])
    counts = data.bincount().double() / len(data)
    unigram = -(counts * counts.log()).sum().item()
    print(f"{len(text):,} characters, {len(characters)} kinds, unigram entropy {unigram:.2f} nat")

    model = GPT(len(characters), args.context, width=args.width, depth=args.depth, tied=args.tied)
    optimizer = torch.optim.AdamW(model.parameters(), lr=args.lr, weight_decay=0.1)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: rate(step, args.steps))
    window = torch.arange(args.context + 1)
    for step in range(args.steps):
        rows = data[torch.randint(len(data) - args.context, (args.batch, 1)) + window]
        logits = model(rows[:, :-1])
        loss = F.cross_entropy(logits.flatten(0, 1), rows[:, 1:].flatten())
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        if step % 50 == 0 or step == args.steps - 1:
            print(f"step {step:4d}  loss {loss.item():.3f}", flush=True)


if __name__ == "__main__":
    main()
