from __future__ import annotations

from lossmon.diagnosis.kept import kept


def test_result_is_kept_while_the_arguments_are_the_same_objects() -> None:
    asked = []

    @kept
    def doubled(values: list[int]) -> list[int]:
        asked.append(values)
        return [2 * value for value in values]

    ones, others = [1], [1]
    assert doubled(ones) is doubled(ones)
    assert len(asked) == 1
    assert doubled(others) == [2]
    assert doubled(ones) == [2]
    assert len(asked) == 3


def test_arguments_by_name_are_worked_out_each_time() -> None:
    asked = []

    @kept
    def length(values: list[int]) -> int:
        asked.append(values)
        return len(values)

    ones = [1]
    assert length(values=ones) == length(values=ones) == 1
    assert len(asked) == 2
