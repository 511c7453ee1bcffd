"""The answers of one probe, together; as text one line each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from lossmon.probes.batch_dependency import BatchDependency
from lossmon.probes.input_twin import InputTwin
from lossmon.probes.lr_sweep import LrSweep
from lossmon.probes.outcome import NotRun
from lossmon.probes.overfit_batch import OverfitBatch
from lossmon.probes.train_eval import TrainEval

Answer = OverfitBatch | InputTwin | LrSweep | TrainEval | BatchDependency | NotRun


@dataclass(frozen=True, slots=True)
class ProbeResults:
    """What each experiment found; `NotRun` where it could not be made."""

    overfit_batch: OverfitBatch | NotRun
    input_twin: InputTwin | NotRun
    lr_sweep: LrSweep | NotRun
    train_eval: TrainEval | NotRun
    batch_dependency: BatchDependency | NotRun

    def __str__(self) -> str:
        names = [field.name.replace("_", "-") for field in fields(self)]
        width = max(map(len, names)) + 2
        answers = (getattr(self, field.name) for field in fields(self))
        return "\n".join(f"{n.ljust(width)}{a}" for n, a in zip(names, answers, strict=True))


def detail_of(name: str, answer: Answer) -> Mapping[str, Any]:
    """Return what the log's mark of an answer carries; `why` alone where there is none."""
    return {"probe": name, **asdict(answer)}
