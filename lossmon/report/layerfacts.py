"""What is known of one layer, or of one module's parameters, as pairs of a word and a value."""

from __future__ import annotations

import math

from lossmon.diagnosis.finding import Report
from lossmon.numfmt import MISSING, fmt, fmt_count, plural, printable
from lossmon.records import ParameterInfo, Run
from lossmon.report.activations import activation_rows
from lossmon.report.layers import LayerRow, layer_rows
from lossmon.report.overtime import Fold

Facts = list[tuple[str, str]]
_SHARES = (
    ("dead_share", "dead units"),
    ("dormant_share", "dormant units"),
    ("saturated_share", "saturated"),
)


def layer_facts(run: Run, report: Report, fold: Fold) -> Facts:
    """Return what it is made of, its last numbers, its outputs, and the findings that name it."""
    if run.meta is None:
        return []
    infos = [run.meta.parameters[at] for at in fold.members]
    facts = _single(run, report, infos[0]) if len(infos) == 1 else _several(infos)
    facts += _outputs(run, infos[0].name.rpartition(".")[0])
    names = {info.name for info in infos}
    named = [f.rule for f in report.findings if names & set(f.culprits)]
    return [*facts, ("named by", ", ".join(named))] if named else facts


def _single(run: Run, report: Report, info: ParameterInfo) -> Facts:
    shape = " x ".join(map(str, info.shape)) or "scalar"
    facts = [("shape", f"{shape}, {printable(info.dtype)}")]
    facts += [("module", printable(info.kind))] if info.kind else []
    group = f"group {info.group}" if info.group >= 0 else "none: it is never updated"
    facts.append(("optimizer", group))
    facts += [] if info.requires_grad else [("gradients", "off: requires_grad is False")]
    facts += [("shared with", ", ".join(map(printable, info.tied)))] if info.tied else []
    row = next((row for row in layer_rows(run, report) if row.name == info.name), None)
    return facts + (_last(row) if row is not None and row.step is not None else [])


def _last(row: LayerRow) -> Facts:
    return [
        ("last sampled", f"step {row.step:,}"),
        ("grad norm", _number(row.grad_norm, row.grad_nonfinite)),
        ("update ratio", _number(row.update_ratio)),
        ("weight norm", _number(row.weight_norm, row.weight_nonfinite)),
        ("zero gradients", _share(row.zero_share)),
    ]


def _several(infos: list[ParameterInfo]) -> Facts:
    size = sum(info.numel for info in infos)
    shown = "the worst of them is shown"
    return [
        ("parameters", f"{plural(len(infos), 'tensor')}, {fmt_count(size)} numbers"),
        ("over time", shown),
    ]


def _outputs(run: Run, module: str) -> Facts:
    row = next((one for one in activation_rows(run) if one.info.name == module), None)
    if row is None:
        return []
    facts = [("goes into", printable(row.info.activation))] if row.info.activation else []
    for name, label in (("std_in", "std in"), ("std_out", "std out")):
        facts.append((label, _number(row.values[name])))
    shares = ((label, row.values[name]) for name, label in _SHARES)
    return facts + [(label, _share(value)) for label, value in shares if not math.isnan(value)]


def _number(value: float, nonfinite: float = 0.0) -> str:
    return MISSING if math.isnan(value) and not nonfinite > 0 else fmt(value)


def _share(value: float) -> str:
    return MISSING if math.isnan(value) else f"{fmt(100 * value, 2)} %"
