"""Metadata and marks: there and back, and back from what an enemy wrote."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossmon.errors import EventFileError
from lossmon.eventfile.meta import mark_json, meta_json, parse_mark, parse_meta
from lossmon.records import GroupInfo, LayerInfo, Mark, ParameterInfo, RunMeta

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def test_metadata_comes_back_as_it_was() -> None:
    parameter = ParameterInfo("w", (3, 4), "bfloat16", False, 1, 2, "Linear", ("v",), 12)
    layer = LayerInfo("fc", "Linear", "relu", True, (0, 2), ("add",), 64, 32, {"p": 0.5})
    group = GroupInfo("g", "AdamW", 1e-3, 0.1, True, {"betas": [0.9, 0.99]}, 1, 2)
    meta = RunMeta(
        "r", "s", 1, "w", 2, 4, 10, 1e9, "Net", "CrossEntropyLoss", (parameter,), (layer,),
        (group,), ("a",), ("b",), ("c",), 0.5, ("no-signal",), {"torch": "2"}, {"every": 3},
        {"scheduler": "Slurm"},
    )  # fmt: skip
    assert parse_meta(meta_json(meta).encode()) == meta


def test_unknown_keys_are_ignored() -> None:
    text = json.dumps({"run_id": "r", "start_id": "s", "future": {"a": [1]}, "schema": 9})
    assert parse_meta(text.encode()) == RunMeta("r", "s", schema=9)


def test_what_json_cannot_say_is_written_as_text() -> None:
    meta = RunMeta("r", "s", settings={"device": object, "nested": {1: (2, {3: 4})}})
    found = parse_meta(meta_json(meta).encode()).settings
    assert found == {"device": str(object), "nested": {"1": [2, {"3": 4}]}}


def test_a_rate_that_is_not_finite_comes_back() -> None:
    meta = RunMeta("r", "s", groups=(GroupInfo("g", "SGD", math.inf),))
    assert parse_meta(meta_json(meta).encode()).groups[0].lr == math.inf


@pytest.mark.parametrize(
    "text",
    [b"", b"[]", b"\xff\xfe", b"{" * 100_000, b"[" * 200_000, b"9" * 5000, b'{"run_id":'],
    ids=["empty", "list", "not text", "braces", "deep", "long number", "cut"],
)
def test_what_is_no_object_is_refused(text: bytes) -> None:
    with pytest.raises(EventFileError):
        parse_meta(text)


@given(
    st.dictionaries(
        st.sampled_from([*RunMeta.__dataclass_fields__, *ParameterInfo.__dataclass_fields__]), JSON
    )
)
def test_any_json_object_gives_metadata_of_the_right_types(found: dict[str, object]) -> None:
    meta = parse_meta(json.dumps(found).encode())
    assert isinstance(meta.run_id, str)
    assert all(isinstance(layer, LayerInfo) for layer in meta.layers)
    assert isinstance(meta.start_step, int)
    assert isinstance(meta.settings, dict)


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(
                ["name", "shape", "lr", "group", "tied", "sources", "between", "settings"]
            ),
            JSON,
        )
    )
)
def test_any_rows_give_parameters_and_groups(rows: list[dict[str, object]]) -> None:
    meta = parse_meta(json.dumps({"parameters": rows, "groups": rows, "layers": rows}).encode())
    assert len(meta.parameters) == len(meta.groups) == len(meta.layers) == len(rows)
    assert all(isinstance(parameter.name, str) for parameter in meta.parameters)
    assert all(isinstance(parameter.numel, int) for parameter in meta.parameters)


def test_a_mark_comes_back_as_it_was() -> None:
    mark = Mark(3, 2.5, "exception", {"error": "bad \x1b[2J"})
    assert parse_mark(mark_json(mark).encode(), 3, 2.5) == mark


def test_a_mark_without_a_kind_is_refused() -> None:
    with pytest.raises(EventFileError, match="kind"):
        parse_mark(b'{"detail": {}}', 0, 0.0)
