from __future__ import annotations

import doctest
import math
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossmon import numfmt
from lossmon.numfmt import MISSING, fmt, fmt_count, fmt_duration, fmt_steps, printable

BIDI = {*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x61C, 0x200E, 0x200F}


def test_examples_in_the_docs_are_true() -> None:
    assert doctest.testmod(numfmt).failed == 0


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (1.0, "1"),
        (200.0, "200"),
        (0.05, "0.05"),
        (123456.0, "123456"),
        (0.0012346, "0.001235"),
        (0.00099, "9.9e-04"),
        (1.5e6, "1.5e+06"),
        (-2.5, "-2.5"),
        (math.nan, "nan"),
        (math.inf, "inf"),
        (-math.inf, "-inf"),
        (5e-324, "4.941e-324"),
        (None, MISSING),
    ],
)
def test_number_reads_as_agreed(value: float | None, text: str) -> None:
    assert fmt(value) == text


@given(st.floats(min_value=-1e307, max_value=1e307))
def test_number_keeps_its_digits_and_sign(value: float) -> None:
    assert float(fmt(value)) == pytest.approx(value, rel=5.01e-4, abs=5e-324)


@given(st.integers(min_value=0, max_value=10**14))
def test_count_takes_at_most_five_characters(count: int) -> None:
    assert len(fmt_count(count)) <= 5


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "0s"),
        (59.9, "59s"),
        (60, "1m00s"),
        (3599, "59m59s"),
        (86399, "23h59m"),
        (86400, "1d00h"),
    ],
)
def test_duration_changes_unit_where_the_next_is_full(seconds: float, text: str) -> None:
    assert fmt_duration(seconds) == text


def test_single_step_is_not_a_range() -> None:
    assert (fmt_steps(3, 3), fmt_steps(3, 4)) == ("step 3", "steps 3-4")


@given(st.text(alphabet=st.characters(), max_size=400), st.integers(min_value=1, max_value=300))
def test_untrusted_text_loses_its_control_over_the_terminal(text: str, limit: int) -> None:
    safe = printable(text, limit)
    assert not {unicodedata.category(c) for c in safe} & {"Cc", "Cs", "Zl", "Zp"}
    assert not {ord(c) for c in safe} & BIDI
    assert len(safe) <= 6 * limit


@given(st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126), max_size=200))
def test_plain_text_stays_as_it_is(text: str) -> None:
    assert printable(text) == text


def test_long_text_is_cut_with_a_sign() -> None:
    assert printable("x" * 500) == "x" * 199 + "…"
