from __future__ import annotations

import re
from pathlib import Path

import pytest

from lossmon import batchsignals, layersignals, signals
from lossmon.batchsignals import (
    BATCH_SIGNALS,
    CLASS_BINS,
    FOUND_COUNTS,
    LABEL_COUNTS,
    PREDICTED_COUNTS,
)
from lossmon.layersignals import LAYER_SIGNALS
from lossmon.signals import (
    LR,
    PARAMETER_SIGNALS,
    RUN_SIGNALS,
    SCALARS,
    Signal,
    group_tag,
)

WIDE = (*PARAMETER_SIGNALS, *LAYER_SIGNALS, *RUN_SIGNALS)
ALL = (*SCALARS, *WIDE)


def test_every_signal_is_in_exactly_one_list() -> None:
    spelled = {**vars(signals), **vars(batchsignals), **vars(layersignals)}
    defined = [value for value in spelled.values() if isinstance(value, Signal)]
    defined += [*LABEL_COUNTS, *PREDICTED_COUNTS, *FOUND_COUNTS]
    assert sorted(s.name for s in defined) == sorted(s.name for s in ALL)


def test_names_and_tags_are_unique() -> None:
    assert len({signal.name for signal in ALL}) == len(ALL)
    assert len({signal.tag for signal in SCALARS}) == len(SCALARS)


@pytest.mark.parametrize("signal", ALL, ids=lambda signal: signal.name)
def test_signal_is_named_labelled_and_documented(signal: Signal) -> None:
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*(_\d+)?", signal.name)
    assert signal.label
    assert signal.doc.endswith(".")


@pytest.mark.parametrize("signal", SCALARS, ids=lambda signal: signal.name)
def test_scalar_has_a_tag_of_two_parts(signal: Signal) -> None:
    assert signal.scope == "scalar"
    assert re.fullmatch(r"(train|val|perf|lossmon)/[a-z_]+", signal.tag)


@pytest.mark.parametrize("signal", WIDE, ids=lambda signal: signal.name)
def test_column_has_no_tag(signal: Signal) -> None:
    assert signal.tag == ""


def test_scopes_match_their_lists() -> None:
    assert {signal.scope for signal in PARAMETER_SIGNALS} == {"parameter"}
    assert {signal.scope for signal in LAYER_SIGNALS} == {"layer"}
    assert {signal.scope for signal in RUN_SIGNALS} == {"run"}


def test_group_has_a_tag_below_its_signal() -> None:
    assert group_tag(LR, "head") == "train/lr/head"


def test_signals_of_a_batch_are_signals_of_the_run() -> None:
    assert set(BATCH_SIGNALS) < set(RUN_SIGNALS)


def test_every_bin_of_classes_has_a_column_of_targets_and_ones_of_predictions() -> None:
    assert len(LABEL_COUNTS) == len(PREDICTED_COUNTS) == len(FOUND_COUNTS) == CLASS_BINS


@pytest.mark.parametrize(
    "signal",
    [
        s
        for s in (*SCALARS, *PARAMETER_SIGNALS, *LAYER_SIGNALS, *BATCH_SIGNALS)
        if s not in (*LABEL_COUNTS, *PREDICTED_COUNTS, *FOUND_COUNTS)
    ],
    ids=lambda signal: signal.name,
)
def test_the_page_of_signals_says_what_the_signal_says(signal: Signal) -> None:
    page = Path(__file__).resolve().parent.parent / "docs/signals.md"
    line = f"| `{signal.tag or signal.name}` | {signal.unit} | "
    assert line + signal.doc.replace("|", "\\|") in page.read_text(encoding="utf-8")
