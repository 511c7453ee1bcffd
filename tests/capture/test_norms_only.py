"""`signals="norms"`: the same norms, nothing else, and no verdict on what was not measured."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import lossmon
from lossmon.diagnosis.engine import diagnose
from lossmon.eventfile.logdir import read_run
from lossmon.records import Run
from lossmon.signals import GRAD_NORM, PARAMETER_SIGNALS, UPDATE_NORM, WEIGHT_NORM

NORMS = (GRAD_NORM, WEIGHT_NORM, UPDATE_NORM)


def trained(folder: Path, signals: str, *, frozen: bool = False) -> tuple[Run, nn.Module]:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 3))
    model[0].bias.requires_grad_(not frozen)
    optimizer = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], lr=0.01)
    with lossmon.watch(model, optimizer, logdir=folder, every=1, signals=signals) as monitor:
        for _ in range(150):
            x = torch.randn(32, 4)
            loss = nn.functional.cross_entropy(model(x), x[:, :3].argmax(1))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            monitor.step(loss)
    return read_run(folder), model


def column(run: Run, signal: object) -> np.ndarray:
    assert run.parameters is not None
    return np.asarray(run.parameters.column(signal, slice(None)))


def test_norms_are_the_ones_that_are_measured_beside_everything_else(tmp_path: Path) -> None:
    norms, model = trained(tmp_path / "norms", "norms")
    everything, other = trained(tmp_path / "all", "all")
    for signal in NORMS:
        np.testing.assert_array_equal(column(norms, signal), column(everything, signal))
    for tag in ("train/loss", "train/grad_norm", "train/update_ratio"):
        assert norms.series[tag].values.tolist() == everything.series[tag].values.tolist()
    assert all(map(torch.equal, model.parameters(), other.parameters()))


def test_nothing_else_is_recorded(tmp_path: Path) -> None:
    run, _ = trained(tmp_path, "norms")
    assert all(np.isnan(column(run, s)).all() for s in PARAMETER_SIGNALS if s not in NORMS)
    assert run.layers is None or not run.layers.values.shape[1]


@pytest.mark.parametrize("frozen", [False, True])
def test_rules_that_need_more_are_skipped_and_none_speaks(tmp_path: Path, frozen: bool) -> None:
    run, _ = trained(tmp_path, "norms", frozen=frozen)
    report = diagnose(run)
    assert report.status == "learning"
    assert not report.findings
    assert report.skipped


@pytest.mark.parametrize("bad", ["some", True, ("norms",), None])
def test_other_values_are_refused(tmp_path: Path, bad: object) -> None:
    model = nn.Linear(1, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with pytest.raises(lossmon.errors.UsageError, match='signals must be "all" or "norms"'):
        lossmon.watch(model, optimizer, logdir=tmp_path, signals=bad)  # type: ignore[arg-type]
