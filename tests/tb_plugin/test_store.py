from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("tensorboard")

from tensorboard_plugin_lossmon import store as store_module
from tensorboard_plugin_lossmon.places import Root
from tensorboard_plugin_lossmon.store import Store

Write = Callable[..., Path]


@pytest.fixture
def many(write_run: Write, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Five finished runs, where three are many, and looking for runs is then rarely done."""
    monkeypatch.setattr(store_module, "_MANY", 2)
    monkeypatch.setattr(store_module, "_SCAN_SHARE", 1e-9)
    for name in "abcde":
        folder = write_run(name, [1.0])
    return folder


def lengths(store: Store) -> list[int]:
    return [entry.run.last_step + 1 for entry in store.listing(budget_s=60).entries]


def test_of_many_runs_that_are_over_some_are_looked_at_each_time(
    many: Path, write_run: Write
) -> None:
    store = Store([Root(many)])
    assert lengths(store) == [1] * 5
    for name in "abcde":
        write_run(name, [1.0, 1.0])
    counts = [sum(length == 2 for length in lengths(store)) for _ in range(3)]
    assert counts == [2, 4, 5]


def test_a_run_that_is_asked_for_by_name_is_looked_at_at_once(many: Path, write_run: Write) -> None:
    store = Store([Root(many)])
    store.listing(budget_s=60)
    write_run("e", [1.0, 1.0])
    entry = store.entry("e")
    assert entry is not None
    assert entry.run.last_step == 1


def test_a_new_run_among_many_is_found_when_looking_is_due_again(
    many: Path, write_run: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store([Root(many)])
    store.listing(budget_s=60)
    write_run("f", [1.0])
    assert len(lengths(store)) == 5
    entry = store.entry("f")
    assert entry is not None
    assert len(lengths(store)) == 6
    monkeypatch.setattr(store_module, "_SCAN_SHARE", 1e9)
    store.entry("none")  # looks for it
    write_run("g", [1.0])
    assert len(lengths(store)) == 7


def test_what_became_a_link_out_of_the_logdir_is_not_read_though_looking_is_not_due(
    many: Path, write_run: Write
) -> None:
    store = Store([Root(many)])
    store.listing(budget_s=60)
    write_run("../secret", [3.0] * 9)
    (secret,) = (many.parent / "secret" / "lossmon").glob("*tfevents*")
    (many / "a" / "lossmon" / secret.name).symlink_to(secret)
    assert lengths(store) == [1] * 5
    listing = store.listing(budget_s=60)
    assert listing.outside == ("a",)
    assert [entry.place.name for entry in listing.entries] == list("bcde")
