"""Which tags of a foreign log are the loss, the validation loss, the lr and the total grad norm.

A loss of a part (box, value, policy, ...) stands for the run's only where nothing better is there,
and never in reinforcement learning: the loss of a policy is not meant to fall.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from lossmon import signals
from lossmon.eventfile.tagwords import TagWords, tag_words
from lossmon.records import RunMeta, Series
from lossmon.signals import Signal

_VALIDATION = {"val", "valid", "validation", "eval", "evaluation", "test", "dev", "holdout"}
_VALIDATION_RUNS = {"val", "valid", "validation", "eval", "evaluation"}
"""Folders that hold the validation half of a training; "test" is what people call a try."""
_TRAIN = {"train", "training"}
_LOSS = {"loss", "losses", "nll", "xent", "ce", "mse", "perplexity", "objective", "cost"}
_NO_LOSS = {
    "scale", "scaler", "weight", "weights", "count", "tokens", "ratio", "spike", "std", "best",
}  # fmt: skip
_NO_SERIES = {"hparam", "hparams", "hp"}
_TIMES = {"step", "batch", "epoch", "iter", "iteration", "iterations", "vs", "current", "running"}
_TOTAL = {"total", "global", "all", "overall"}
_AVERAGE = {"avg", "average", "mean", "reduced", "smoothed"}
_GENERIC = _LOSS | _VALIDATION | _TRAIN | _TIMES | _TOTAL | _AVERAGE | {"lm", "main"}
"""Words that name no part of a loss."""
_OPPONENT = {"d", "disc", "discriminator"}
"""Of two networks that play against each other the generator is the model."""
_PREFERRED = {"step", "batch", "total", "avg", "global"}
_LR = {"lr", "learningrate"}
_NO_LR = {"mul", "mult", "multiplier", "factor", "scale", "ratio"}
_LR_BOUND = {"min", "max", "base", "initial"}
_NORM = {"norm", "norms"}
_GRAD = {"grad", "grads", "gradient", "gradients", "g"}
_NORM_GENERIC = _NORM | _GRAD | _TOTAL | _TRAIN | {"l", "2", "0"}
_REWARD = {"reward", "rewards", "rew", "episode", "episodic"}
_ONE_POINT = 40.0
_STRANGER = 12.0


@dataclass(frozen=True, slots=True)
class _Reading:
    """How well one tag fits each role; 0 or less: not at all."""

    loss: float
    """As a loss, of training or validation."""
    lr: float
    norm: float
    trains: bool
    validates: bool
    whole: bool
    """It names no part of the loss or of the model."""
    rewards: bool


def find_roles(
    series: Mapping[str, Series], meta: RunMeta | None, *, name: str = ""
) -> dict[str, str]:
    """Return signal name -> tag for signals that the log has under another tag than lossmon's.

    `name` is the run's: in a folder `validation`, or `Loss_test` beside `Loss_train`, a plain loss
    is the validation loss.
    """
    if meta is not None:
        return _first_group(series, meta)
    readings = {tag: _read(tag) for tag in series}
    reinforced = any(reading.rewards for reading in readings.values())
    losses = {t: r for t, r in readings.items() if r.loss > 0 and (r.whole or not reinforced)}
    validating = _validates(name, losses)
    scores = {
        signals.LOSS: {t: r.loss for t, r in losses.items() if not (r.validates or validating)},
        signals.VAL_LOSS: {t: r.loss for t, r in losses.items() if r.validates or validating},
        signals.LR: {tag: r.lr for tag, r in readings.items()},
        signals.TOTAL_GRAD_NORM: _norms(readings),
    }
    best = {signal: _best(found, series) for signal, found in scores.items()}
    return {s.name: tag for s, tag in best.items() if tag and _is_foreign(s, series)}


def _first_group(series: Mapping[str, Series], meta: RunMeta) -> dict[str, str]:
    """Let the lr of the first param group stand for the run's where there are several."""
    if signals.LR.tag in series:
        return {}
    tags = [signals.group_tag(signals.LR, group.name) for group in meta.groups]
    found = next((tag for tag in tags if tag in series), None)
    return {} if found is None else {signals.LR.name: found}


def _is_foreign(signal: Signal, series: Mapping[str, Series]) -> bool:
    return signal.tag not in series


def _best(scores: Mapping[str, float], series: Mapping[str, Series]) -> str:
    """Return the tag that fits best, of equals the one with most points; "" where none fits."""
    rows = [
        (score - _ONE_POINT * (len(series[tag]) == 1), len(series[tag]), -len(tag), tag)
        for tag, score in scores.items()
        if score > 0
    ]
    rows.sort(key=lambda row: row[3])
    score, _, _, tag = max(rows, key=lambda row: row[:3], default=(0.0, 0, 0, ""))
    return tag if score > 0 else ""


def _validates(name: str, losses: Mapping[str, _Reading]) -> bool:
    """Return whether a run's name says that its losses are those of validation."""
    if any(reading.trains for reading in losses.values()):
        return False
    *above, last = name.split("/")
    if last.lower() in _VALIDATION_RUNS:
        return True
    return any(_VALIDATION & set(words) for words in _sub_run(above, last, losses))


def _sub_run(above: list[str], last: str, tags: Iterable[str]) -> Iterable[tuple[str, ...]]:
    """Yield the words that add_scalars appended to a tag to name a run: `Loss_test`."""
    for tag in tags:
        flat = tag.replace("/", "_") + "_"
        if last.startswith(flat):
            yield tag_words(last[len(flat) :]).words
        if f"/{'/'.join(above)}".endswith(f"/{tag}"):
            yield tag_words(last).words


def _norms(readings: Mapping[str, _Reading]) -> dict[str, float]:
    """Return the scores of norms of the whole model; of a part only where it is the only one."""
    found = {tag: r for tag, r in readings.items() if r.norm > 0}
    whole = {tag: r.norm for tag, r in found.items() if r.whole}
    parts = {tag: r.norm for tag, r in found.items() if not r.whole}
    return whole or (parts if len(parts) == 1 else {})


@lru_cache(maxsize=65_536)
def _read(tag: str) -> _Reading:
    words = tag_words(tag)
    known = words.known
    lr, norm = _lr_score(words), _norm_score(words)
    loss = 0.0 if lr > 0 or _is_copy(words) else _loss_score(words)
    generic = _NORM_GENERIC if norm > 0 else _GENERIC
    strangers = _strangers(words, generic)
    return _Reading(
        loss=loss,
        lr=lr,
        norm=0.0 if lr > 0 or _is_copy(words) else norm,
        trains=bool(known & _TRAIN),
        validates=bool(known & _VALIDATION),
        whole=not strangers or bool(set(words.leaf) & _TOTAL),
        rewards=bool(known & _REWARD),
    )


def _strangers(words: TagWords, generic: set[str]) -> int:
    return sum(word not in generic for word in words.leaf)


def _is_copy(words: TagWords) -> bool:
    """Return whether the tag is a series once more, against another axis: `lm loss vs samples`."""
    pairs = zip(words.words, words.words[1:], strict=False)
    return any(one == "vs" and other not in _TIMES for one, other in pairs)


def _lr_score(words: TagWords) -> float:
    known = words.known
    is_lr = bool(_LR & known) or "learningrate" in words.joined
    if not is_lr or known & _NO_LR or _is_copy(words):
        return 0.0
    others = sum(word.isdigit() and word != "0" for word in words.words)
    return 100.0 - len(words.words) - 5.0 * others - 10.0 * bool(known & _LR_BOUND)


def _norm_score(words: TagWords) -> float:
    known = words.known
    is_norm = bool(known & _GRAD and (known & _NORM or {"l", "2"} <= known))
    if not is_norm or {"param", "weight", "bias"} & known:
        return 0.0
    total = 30.0 if known & _TOTAL else 0.0
    return 60.0 + total - 6.0 * max(0, len(words.words) - 2)


def _loss_score(words: TagWords) -> float:
    known = words.known
    if not known & _LOSS or known & (_NO_LOSS | _NO_SERIES) or (known & _GRAD) - {"g"}:
        return 0.0
    score = 60.0 + (30.0 if "loss" in known else 0.0) + (20.0 if known & _TRAIN else 0.0)
    score += 8.0 if known & _PREFERRED else 0.0
    score -= _STRANGER * bool(known & _OPPONENT)
    score -= _STRANGER * min(3, _strangers(words, _GENERIC)) + 3.0 * len(words.words)
    return score - 12.0 * ("epoch" in known)
