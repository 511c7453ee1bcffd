"""Which tags of a foreign log are the loss, the validation loss, the lr and the total grad norm."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from lossmon import signals
from lossmon.records import RunMeta, Series
from lossmon.signals import Signal

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_VALIDATION = {"val", "valid", "validation", "eval", "evaluation", "test", "dev", "holdout"}
_TRAIN = {"train", "training"}
_LOSS = {"loss", "losses", "nll", "xent", "ce", "mse", "perplexity", "objective", "cost"}
_PART_OF_LOSS = {"scale", "scaler", "weight", "weights", "count", "tokens", "ratio", "spike", "std"}
_LR = {"lr", "learningrate"}
_NORM = {"norm", "norms", "gradnorm", "l2norm"}
_GRAD = {"grad", "grads", "gradient", "gradients", "gradnorm"}
_TOTAL = {"total", "global", "all", "overall"}
_ONE_POINT = 40.0


def find_roles(series: Mapping[str, Series], meta: RunMeta | None) -> dict[str, str]:
    """Return signal name -> tag for signals that the log has under another tag than lossmon's."""
    if meta is not None:
        return _first_group(series, meta)
    roles: dict[str, str] = {}
    for signal in (signals.LOSS, signals.VAL_LOSS, signals.LR, signals.TOTAL_GRAD_NORM):
        if signal.tag in series:
            continue
        scored = [(_score(signal, s), len(s), s.tag) for s in series.values()]
        best = max(scored, default=(0.0, 0, ""), key=lambda row: (row[0], row[1], -len(row[2])))
        if best[0] > 0 and best[2] not in roles.values():
            roles[signal.name] = best[2]
    return roles


def _first_group(series: Mapping[str, Series], meta: RunMeta) -> dict[str, str]:
    """Let the lr of the first param group stand for the run's where there are several."""
    if signals.LR.tag in series:
        return {}
    tags = [signals.group_tag(signals.LR, group.name) for group in meta.groups]
    found = next((tag for tag in tags if tag in series), None)
    return {} if found is None else {signals.LR.name: found}


def _score(signal: Signal, series: Series) -> float:
    score = _tag_score(signal.name, series.tag)
    return score - _ONE_POINT if score > 0 and len(series) == 1 else score


@lru_cache(maxsize=65_536)
def _tag_score(name: str, tag: str) -> float:
    """Return how well a tag fits a signal; 0 or less: not at all."""
    words = tuple(word.lower() for word in _WORDS.findall(tag))
    joined = "".join(words)
    if "vssamples" in joined or "vssteps" in joined:
        return 0.0
    known = frozenset(words)
    if name == signals.LR.name:
        return _lr_score(words, joined)
    if known & _LR or "learningrate" in joined or re.match(r"lr\d*$", words[-1] if words else ""):
        return 0.0
    if name == signals.TOTAL_GRAD_NORM.name:
        return _norm_score(words, joined)
    return _loss_score(known, words, validation=name == signals.VAL_LOSS.name)


def _lr_score(words: tuple[str, ...], joined: str) -> float:
    if not (_LR & set(words) or "learningrate" in joined):
        return 0.0
    return 100.0 - len(words) - 5.0 * sum(word.isdigit() and word != "0" for word in words)


def _norm_score(words: tuple[str, ...], joined: str) -> float:
    known = set(words)
    is_norm = bool(known & _GRAD and known & _NORM) or "gradnorm" in joined
    if not is_norm or {"param", "weight", "bias"} & known:
        return 0.0
    total = 30.0 if known & _TOTAL else 0.0
    return 60.0 + total - 6.0 * max(0, len(words) - 2)


def _loss_score(known: frozenset[str], words: tuple[str, ...], *, validation: bool) -> float:
    if not known & _LOSS or known & _PART_OF_LOSS or known & _GRAD:
        return 0.0
    if bool(known & _VALIDATION) != validation:
        return 0.0
    score = 60.0 + (30.0 if "loss" in known else 0.0) + (20.0 if known & _TRAIN else 0.0)
    score += 8.0 if known & {"step", "batch", "total", "avg", "global"} else 0.0
    return score - 12.0 * ("epoch" in known) - 3.0 * len(words)
