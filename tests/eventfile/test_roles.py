"""Which tags are the loss, the validation loss, the lr and the grad norm of a foreign log.

`foreign/tag_lists.json` holds the tags of 59 writers with their sources. The checksum of a writer's
name decides whether roles.py may be fitted to its list or is only measured on it.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lossmon.eventfile.roles import find_roles
from lossmon.records import Series
from lossmon.signals import LOSS, LR, TOTAL_GRAD_NORM, VAL_LOSS

LISTS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parent / "foreign" / "tag_lists.json").read_text(encoding="utf-8")
)
SIGNALS = {"loss": LOSS, "val_loss": VAL_LOSS, "lr": LR, "grad_norm": TOTAL_GRAD_NORM}
HELD_OUT_HITS = 83
"""Of 84; 80 before roles.py was fitted to the other half."""


def series(*tags: str) -> dict[str, Series]:
    """Make series of 100 points, or of n where the tag ends in `#n`."""
    found = {}
    for written in tags:
        tag, _, count = written.partition("#")
        n = np.arange(int(count or 100))
        found[tag] = Series(tag, n, n.astype(float), np.ones(len(n)))
    return found


def roles(*tags: str, name: str = "") -> dict[str, str]:
    """Return the tags by the keys of the lists, lossmon's own spelling included."""
    its_series = series(*tags)
    found = find_roles(its_series, None, name=name)
    tag_of = {key: found.get(s.name, s.tag) for key, s in SIGNALS.items()}
    return {key: tag for key, tag in tag_of.items() if tag in its_series}


def is_held_out(entry: Mapping[str, Any]) -> bool:
    return not entry.get("known") and zlib.crc32(entry["writer"].encode()) % 2 == 0


def misses(entry: Mapping[str, Any]) -> dict[str, str | None]:
    """Return what was found, for every role that is not as the list has it."""
    found = roles(*entry["tags"], name=entry.get("run", ""))
    wrong = {}
    for key in SIGNALS:
        right = entry.get(key)
        if found.get(key) not in (right if isinstance(right, list) else [right]):
            wrong[key] = found.get(key)
    return wrong


@pytest.mark.parametrize(
    "entry", [e for e in LISTS if not is_held_out(e)], ids=lambda entry: entry["writer"]
)
def test_tags_of_a_known_writer_are_understood(entry: Mapping[str, Any]) -> None:
    assert misses(entry) == {}


def test_tags_of_writers_held_out_are_mostly_understood() -> None:
    held_out = [entry for entry in LISTS if is_held_out(entry)]
    wrong = {entry["writer"]: misses(entry) for entry in held_out}
    count = sum(len(found) for found in wrong.values())
    assert 4 * len(held_out) - count >= HELD_OUT_HITS, {w: m for w, m in wrong.items() if m}


@pytest.mark.parametrize(
    "tag", ["train_loss", "trainLoss", "Loss/train", "train.loss", "TRAIN LOSS", "batchloss"]
)
def test_spelling_does_not_matter(tag: str) -> None:
    assert roles(tag, "accuracy") == {"loss": tag}


@pytest.mark.parametrize(
    "tag", ["loss_scale", "best_loss", "loss_weight", "Loss/learning_rate", "hparam/loss"]
)
def test_what_only_sounds_like_a_loss_is_none(tag: str) -> None:
    assert "loss" not in roles(tag)


def test_a_copy_against_another_axis_is_not_taken() -> None:
    assert roles("lm loss vs samples", "lm loss") == {"loss": "lm loss"}


def test_the_whole_loss_is_preferred_to_a_part() -> None:
    assert roles("loss/box", "loss/total", "loss/cls")["loss"] == "loss/total"


def test_a_part_is_taken_where_there_is_no_whole() -> None:
    assert roles("train/box_loss", "accuracy") == {"loss": "train/box_loss"}


def test_in_reinforcement_learning_no_part_is_taken() -> None:
    assert roles("losses/policy_loss", "losses/value_loss", "rollout/ep_rew_mean") == {}


def test_of_several_norms_of_parts_none_is_the_total() -> None:
    assert roles("grad_norm/encoder", "grad_norm/decoder") == {}
    assert roles("grad_norm/encoder", "grad_norm/decoder", "grad_norm") == {
        "grad_norm": "grad_norm"
    }


def test_a_series_of_one_point_gives_way() -> None:
    assert roles("train_loss_final#1", "loss")["loss"] == "loss"


@pytest.mark.parametrize(
    ("name", "tag"),
    [("a/validation", "loss"), ("eval", "loss"), ("a/Loss_test", "Loss"), ("a/Loss/val", "Loss")],
)
def test_a_run_of_validation_has_no_training_loss(name: str, tag: str) -> None:
    assert roles(tag, name=name) == {"val_loss": tag}


@pytest.mark.parametrize("name", ["test", "runs/test", "a/Loss_train", "eval_lr_3e-4", "my-val"])
def test_a_run_of_another_name_keeps_its_loss(name: str) -> None:
    assert roles("Loss", name=name) == {"loss": "Loss"}


def test_a_run_that_says_train_is_none_of_validation() -> None:
    assert roles("train_loss", name="validation") == {"loss": "train_loss"}


def test_the_choice_does_not_depend_on_the_order_of_tags() -> None:
    tags = ["lr/unet", "lr/text", "loss/a", "loss/b"]
    assert roles(*tags) == roles(*reversed(tags))
