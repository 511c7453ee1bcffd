"""The rows of the layers screen: parameters, or modules, with what was last measured of each."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from lossmon.diagnosis.finding import SEVERITIES, Report
from lossmon.layersignals import DEAD_SHARE
from lossmon.naturalorder import natural
from lossmon.records import LayerInfo, Run
from lossmon.report.activations import activation_rows
from lossmon.report.layers import LayerRow, layer_rows
from lossmon.report.overtime import DEAD, GRAD, METRICS, UPDATE, WEIGHT, Fold, Metric, folds
from lossmon.tui.filtering import matches

ORDERS = ("worst", "depth", "name")


@dataclass(frozen=True, slots=True)
class Layer:
    """A row; NaN where nothing was measured, inf where it was not finite."""

    fold: Fold
    shape: str
    """Of the parameter; how many there are, of a module."""
    severity: str
    """Of the worst finding that names it, "" for none."""
    rank: int
    """Place among the rows that findings name, and by depth after them."""
    values: Mapping[Metric, float]


def layers_of(run: Run, report: Report | None, level: int) -> tuple[Layer, ...]:
    """Return the rows, in the order of the parameters."""
    if run.meta is None:
        return ()
    verdict = report or Report(run.name, "not-enough-evidence", 0, None)
    known = {row.name: (rank, row) for rank, row in enumerate(layer_rows(run, verdict))}
    dead = {one.info.name: one.values[DEAD_SHARE.name] for one in activation_rows(run)}
    named = _named(run, verdict)
    found = []
    for fold in folds(run.meta.parameters, level):
        names = [run.meta.parameters[member].name for member in fold.members]
        rows = [known[name] for name in names]
        severity = _worst_severity(
            [row.severity for _, row in rows]
            + [named.get(name.rpartition(".")[0], "") for name in names]
        )
        values = {
            GRAD: _worst((_shown(r.grad_norm, r.grad_nonfinite) for _, r in rows), min),
            UPDATE: _worst((_shown(r.update_ratio, r.weight_nonfinite) for _, r in rows), min),
            WEIGHT: _worst((_shown(r.weight_norm, r.weight_nonfinite) for _, r in rows), min),
            DEAD: _worst((dead.get(name.rpartition(".")[0], math.nan) for name in names), max),
        }
        rank = min(place for place, _ in rows)
        found.append(Layer(fold, _shape([row for _, row in rows]), severity, rank, values))
    return tuple(found)


def arranged(layers: Sequence[Layer], order: str, words: str) -> tuple[Layer, ...]:
    """Return the rows that match the filter, in the order asked for."""
    kept = [one for one in layers if matches(words, one.fold.name)]
    if order == "worst":
        severities = (*SEVERITIES, "")
        kept.sort(key=lambda one: (severities.index(one.severity), one.rank))
    elif order == "name":
        kept.sort(key=lambda one: natural(one.fold.name))
    return tuple(kept)


def row_of(run: Run, layers: Sequence[Layer], culprit: str) -> Layer | None:
    """Return the row that stands for a culprit: a parameter, a module, or a layer without any.

    A layer without parameters, such as a ReLU, is stood for by the one that feeds it.
    """
    infos = {} if run.meta is None else {info.name: info for info in run.meta.layers}
    for _ in range(len(infos) + 1):
        for one in layers:
            names = _members(run, one)
            if culprit == one.fold.name or any(
                name == culprit or name.startswith(f"{culprit}.") for name in names
            ):
                return one
        info = infos.get(culprit)
        before = _feeder(run, info)
        if before is None:
            return None
        culprit = before
    return None


def _members(run: Run, layer: Layer) -> list[str]:
    assert run.meta is not None
    return [run.meta.parameters[member].name for member in layer.fold.members]


def _feeder(run: Run, info: LayerInfo | None) -> str | None:
    if info is None or not info.sources or run.meta is None:
        return None
    return run.meta.layers[info.sources[0]].name


def _named(run: Run, report: Report) -> dict[str, str]:
    """Return severities by the names of layers that findings name; of a ReLU its feeder too."""
    infos = {} if run.meta is None else {info.name: info for info in run.meta.layers}
    named: dict[str, str] = {}
    for finding in sorted(report.findings, key=lambda one: SEVERITIES.index(one.severity)):
        for culprit in finding.culprits:
            info = infos.get(culprit)
            names = [culprit, _feeder(run, info) if info and info.is_activation else None]
            for name in filter(None, names):
                named.setdefault(name, finding.severity)
    return named


def _worst_severity(severities: Iterable[str]) -> str:
    ordered = [*SEVERITIES, ""]
    return min(severities, key=ordered.index, default="")


def _shown(value: float, nonfinite: float) -> float:
    return math.inf if nonfinite > 0 and not math.isfinite(value) else value


def _worst(values: Iterable[float], pick: Callable[[Iterable[float]], float]) -> float:
    known = [value for value in values if not math.isnan(value)]
    if any(math.isinf(value) for value in known):
        return math.inf
    return pick(known) if known else math.nan


def _shape(rows: Sequence[LayerRow]) -> str:
    if len(rows) == 1:
        return "x".join(map(str, rows[0].shape)) or "scalar"
    return f"{len(rows)} tensors"


def metric_after(metric: Metric, by: int) -> Metric:
    """Return the next metric, around the end."""
    return METRICS[(METRICS.index(metric) + by) % len(METRICS)]
