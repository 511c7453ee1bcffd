from __future__ import annotations

from pathlib import Path


def test_all_ranks_stop_at_the_same_step(train, tmp_path: Path) -> None:
    train(2, kind="ddp", stop_on=("nan-in-loss",), steps=2000)
    first, second = ((tmp_path / "run" / f"stopped-{rank}").read_text() for rank in (0, 1))
    assert first == second
    assert "nan-in-loss (error) since step 0" in first
