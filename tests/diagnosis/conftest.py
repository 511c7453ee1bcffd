"""What several tests ask of the same synthetic run is worked out once."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest

from lossmon.diagnosis.engine import diagnose
from lossmon.diagnosis.finding import Report
from lossmon.diagnosis.rule import Case


@pytest.fixture(scope="session")
def report_of() -> Callable[[Case], Report]:
    """Return the report on the run of a rule's case."""
    return cache(lambda case: diagnose(case.run()))
