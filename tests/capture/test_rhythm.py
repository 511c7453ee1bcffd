from __future__ import annotations

from lossmon.capture.rhythm import (
    CLOSE_FIRST,
    CRITERION_FIRST,
    PRINTS_FIRST,
    Rhythm,
)


def chosen(steps: list[int]) -> dict[str, list[int]]:
    rhythm, found = Rhythm(), {"criterion": [], "prints": [], "close": []}
    for step in steps:
        rhythm.begin(step)
        for name, at in found.items():
            if getattr(rhythm, name):
                at.append(step)
    return found


def test_the_first_samples_are_looked_at_whole() -> None:
    found = chosen(list(range(CLOSE_FIRST)))
    assert all(at == list(range(CLOSE_FIRST)) for at in found.values())


def test_later_ones_in_part_the_dear_ones_seldom() -> None:
    found = chosen(list(range(4000)))
    late = {name: [s for s in at if s >= CRITERION_FIRST] for name, at in found.items()}
    share = {name: len(at) / (4000 - CRITERION_FIRST) for name, at in late.items()}
    assert 0.3 < share["criterion"] < 0.5
    assert share["prints"] < 0.13
    assert share["close"] < 0.07


def test_prints_come_in_pairs_so_that_one_batch_can_be_seen_twice() -> None:
    late = [s for s in chosen(list(range(1000)))["prints"] if s >= PRINTS_FIRST]
    assert all(s + 1 in late for s in late[:-1] if s % 2 == 0)


def test_data_that_come_again_every_eight_steps_are_seen_at_every_place() -> None:
    close = chosen(list(range(2000)))["close"]
    assert {step % 8 for step in close if step >= CLOSE_FIRST} == set(range(8))


def test_of_samples_that_are_far_apart_every_first_one_is_looked_at() -> None:
    found = chosen([64 * k + i for k in range(100) for i in (0, 1)])
    for name in found:
        assert [s for s in found[name] if s % 64 == 0] == [64 * k for k in range(100)]


def test_of_several_passes_in_a_step_only_the_first_is_looked_at_closely() -> None:
    rhythm = Rhythm()
    rhythm.begin(0)
    rhythm.passed()
    assert (rhythm.criterion, rhythm.prints, rhythm.close) == (True, False, False)
