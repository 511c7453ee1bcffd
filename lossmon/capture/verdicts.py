"""What predictions and targets of a batch look like: right and wrong, ranges, shares of classes.

Costs forty operations, so it is looked at on few sampled steps. Nothing here waits for a device.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from lossmon.batchsignals import CLASS_BINS, VERDICT_SIGNALS
from lossmon.capture.certainty import NAN
from lossmon.capture.criterion import Values, class_rows, one_vector, strided_rows
from lossmon.capture.judged import BINARY, CLASSES, Judged
from lossmon.capture.precision import full_precision

CONFIDENT = 0.9
"""Above this probability a wrong prediction is confident."""
Found = dict[str, Tensor | float]


def verdicts(judged: Judged) -> Tensor:
    """Return `VERDICT_SIGNALS` of a batch, float32, on the prediction's device."""
    device = judged.prediction.device
    with full_precision(device):
        found = _of_classes(judged) if judged.kind in CLASSES else _of_values(judged)
        values: Values = [found.get(signal.name, NAN) for signal in VERDICT_SIGNALS]
        return one_vector(values, device)


def described(judged: Judged) -> dict[str, Any]:
    """Return what the criterion is and what it is given, for the log."""
    given = judged.prediction if judged.given is None else judged.given
    return {
        "name": judged.name,
        "behind": judged.behind,
        "reduction": "sum" if judged.summed else "mean",
        "weighted": judged.weight is not None,
        "stretched": judged.stretched,
        "crossed": judged.crossed,
        "prediction_shape": list(given.shape),
        "prediction_dtype": _dtype(given),
        "target_shape": list(judged.target.shape),
        "target_dtype": _dtype(judged.target),
    }


def _dtype(tensor: Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")


def _of_classes(judged: Judged) -> Found:
    classes = judged.classes
    rows = class_rows(judged.prediction.detach(), classes)
    logp = strided_rows(rows).float()
    p = logp.exp()
    if judged.kind == "soft":
        target = strided_rows(class_rows(judged.target.detach(), classes)).float()
        index, counts = target.argmax(1), torch.ones(len(target), device=target.device)
        labels = target.sum(0)
    else:
        flat = judged.target.detach().reshape(-1)
        index = flat if len(flat) == len(logp) else flat[:: len(flat) // len(logp)][: len(logp)]
        counts = (index != judged.ignored).float()
        labels = _summed(index, counts, classes)
    found = _right_and_wrong(logp, index, counts)
    found |= _in_bins("label_count", labels)
    found |= _in_bins("predicted_count", (p * counts[:, None]).sum(0))
    found |= _indices(index, counts, classes)
    found["row_spread"] = (logp.amax(1) - logp.amin(1)).amax()
    found |= _given(judged, classes)
    if judged.given is None:
        found["prediction_nonfinite"] = _nonfinite(logp)
    elif judged.normalises:
        sums = strided_rows(class_rows(judged.given.detach(), classes)).float().sum(1)
        found["row_sum_error"] = (sums - 1).abs().amax()
    else:
        found["row_sum_error"] = (p.sum(1) - 1).abs().amax()
    return found


def _right_and_wrong(logp: Tensor, index: Tensor, counts: Tensor) -> Found:
    top, likeliest = logp.max(1)
    total = counts.sum()
    right = (likeliest == index) * counts
    wrong = (top.exp() > CONFIDENT) * counts - (top.exp() > CONFIDENT) * right
    classes = logp.shape[1]
    return {
        **_in_bins("found_count", _summed(index, right, classes)),
        "accuracy": right.sum() / total,
        "top_prediction_share": _summed(likeliest, counts, classes).amax() / total,
        "confident_wrong": wrong.sum() / total,
        "target_count": total,
        "target_ignored": 1 - total / len(counts),
    }


def _indices(index: Tensor, counts: Tensor, classes: int) -> Found:
    ignored = counts == 0
    return {
        "target_low": index.masked_fill(ignored, classes).amin(),
        "target_high": index.masked_fill(ignored, -1).amax(),
        "target_nonfinite": 0.0,
    }


def _given(judged: Judged, classes: int) -> Found:
    if judged.given is None:
        return {}
    return _spread("prediction", strided_rows(class_rows(judged.given.detach(), classes)).float())


def _of_values(judged: Judged) -> Found:
    prediction, target = _by_example(judged.prediction), _by_example(judged.target)
    found = _spread("prediction", prediction) | _spread("target", target)
    found["target_count"], found["target_ignored"] = float(judged.target.numel()), 0.0
    if judged.kind not in BINARY or judged.stretched:
        return found
    p = prediction if judged.kind == "bce" else prediction.sigmoid()
    wanted = target > 0.5
    guessed = p > 0.5
    right = guessed == wanted
    sure = torch.maximum(p, 1 - p) > CONFIDENT
    ones, share = target.mean(), guessed.float().mean()
    found["accuracy"] = right.float().mean()
    found["confident_wrong"] = (sure & ~right).float().mean()
    found["top_prediction_share"] = torch.maximum(share, 1 - share)
    number = target.numel()
    found |= _in_bins("label_count", torch.stack([1 - ones, ones]) * number)
    hits = torch.stack([(right & ~wanted).float().mean(), (right & wanted).float().mean()])
    found |= _in_bins("found_count", hits * number)
    return found | _in_bins("predicted_count", torch.stack([1 - p.mean(), p.mean()]) * number)


def _by_example(values: Tensor) -> Tensor:
    """Return values as (examples, outputs), float32, some examples only where there are many."""
    values = values.detach()
    rows = values.reshape(values.shape[0], -1) if values.dim() > 1 else values.reshape(-1, 1)
    return strided_rows(rows).float()


def _spread(name: str, rows: Tensor) -> Found:
    low, high = torch.aminmax(rows)
    return {
        f"{name}_mean": rows.mean(),
        f"{name}_std": rows.var(0, correction=0).mean().sqrt(),
        f"{name}_low": low,
        f"{name}_high": high,
        f"{name}_nonfinite": _nonfinite(rows),
    }


def _nonfinite(values: Tensor) -> Tensor:
    return (~values.isfinite()).sum()


def _summed(index: Tensor, counts: Tensor, classes: int) -> Tensor:
    """Return the sum of counts at each index; where nothing counts the index may be any."""
    sums = torch.zeros(classes, device=counts.device)
    return sums.index_add_(0, index.clamp(0, classes - 1), counts)


def _in_bins(name: str, per_class: Tensor) -> Found:
    """Return values per class as one for each bin: class c in bin c mod `CLASS_BINS`."""
    missing = -len(per_class) % CLASS_BINS
    folded = torch.nn.functional.pad(per_class, (0, missing)).reshape(-1, CLASS_BINS).sum(0)
    return {f"{name}_{i}": value for i, value in enumerate(folded.unbind())}
