"""The vocabulary: every quantity that lossmon defines, and the only place where tags are spelled.

A `scalar` is a series in the event file under its tag, one value a step. A `parameter`, `layer` or
`run` signal is a column of the wide record: one row per parameter, per layer, or one row in all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Scope = Literal["scalar", "parameter", "layer", "run"]

SCHEMA = 1
"""Version of the log's schema; a reader that meets a higher one shows scalars only, and says so."""

META_TAG = "lossmon/meta"
PARAMETERS_TAG = "lossmon/parameters"
LAYERS_TAG = "lossmon/layers"
RUN_TAG = "lossmon/run"
MARK_TAG = "lossmon/event"
ALIVE_TAG = "lossmon/alive"
CONTESTED = "contested"
"""Kind of the mark of a run whose loss depends on parameters that another training moves."""
PLUGIN_NAME = "lossmon"


@dataclass(frozen=True, slots=True)
class Signal:
    """A quantity, with what a person needs to read it."""

    name: str
    """Identifier: the column in wide records, the key in JSON."""
    label: str
    """What a table or an axis shows."""
    unit: str
    """Unit, or "" where it has none."""
    scope: Scope
    doc: str
    """What it is, of what, at which instant; what NaN means."""
    tag: str = ""
    """Tag in the event file; only for scalars."""


def _scalar(tag: str, label: str, unit: str, doc: str) -> Signal:
    return Signal(tag.replace("/", "_"), label, unit, "scalar", doc, tag)


LOSS = _scalar(
    "train/loss",
    "loss",
    "",
    "Loss of one step, as given to backward(); mean over the backward passes of the step.",
)
VAL_LOSS = _scalar("val/loss", "validation loss", "", "Validation loss as the user logs it.")
LR = _scalar(
    "train/lr",
    "lr",
    "",
    "Learning rate of the step; with several param groups one tag each, `train/lr/<group>`.",
)
TOTAL_GRAD_NORM = _scalar(
    "train/grad_norm", "total norm", "", "L2 norm of all gradients as the optimizer uses them."
)
TOTAL_UPDATE_RATIO = _scalar(
    "train/update_ratio",
    "update ratio",
    "",
    "‖Δw‖/‖w‖ of one step over all parameters that an optimizer holds.",
)
STEP_MS = _scalar(
    "perf/step_ms", "step time", "ms", "Wall time from one optimizer step to the next."
)
OVERHEAD = _scalar(
    "lossmon/overhead",
    "monitor",
    "%",
    "Share of the run's time spent in lossmon so far, in percent.",
)
DROPPED = _scalar(
    "lossmon/dropped",
    "dropped",
    "records",
    "Records dropped so far because the queue was full or the disk refused them.",
)

SCALARS = (LOSS, VAL_LOSS, LR, TOTAL_GRAD_NORM, TOTAL_UPDATE_RATIO, STEP_MS, OVERHEAD, DROPPED)


def _parameter(name: str, label: str, doc: str) -> Signal:
    return Signal(name, label, "", "parameter", doc)


GRAD_NORM = _parameter(
    "grad_norm",
    "grad norm",
    "L2 norm of .grad at the optimizer's step, exact: after unscaling, accumulation and clipping. "
    "NaN with grad_nonfinite 0: there was no gradient.",
)
WEIGHT_NORM = _parameter(
    "weight_norm",
    "weight norm",
    "L2 norm before the step, from at most 4,096 strided elements scaled to the whole tensor.",
)
UPDATE_NORM = _parameter(
    "update_norm", "update norm", "L2 norm of the change made by one step, from the same elements."
)
GRAD_SAMPLED_NORM = _parameter(
    "grad_sampled_norm",
    "sampled grad norm",
    "L2 norm of the gradient from the strided elements, scaled: "
    "the norm that goes with the inner products.",
)
GRAD_DOT_PREV = _parameter(
    "grad_dot_prev",
    "⟨g,g₋₁⟩",
    "Inner product of this step's gradient with the last step's, scaled; "
    "NaN unless both steps were sampled.",
)
UPDATE_DOT_PREV = _parameter(
    "update_dot_prev",
    "⟨Δ,Δ₋₁⟩",
    "Inner product of this step's update with the last step's, scaled; "
    "NaN unless both steps were sampled.",
)
GRAD_DOT_WEIGHT = _parameter(
    "grad_dot_weight", "⟨g,w⟩", "Inner product of gradient and weight before the step, scaled."
)
GRAD_ZERO_SHARE = _parameter(
    "grad_zero_share",
    "zero gradients",
    "Share of the strided gradient elements that are exactly 0.",
)
GRAD_NONFINITE = _parameter(
    "grad_nonfinite",
    "non-finite gradients",
    "Number of strided gradient elements that are NaN or infinite; "
    "at least 1 where the exact norm is not finite.",
)
WEIGHT_NONFINITE = _parameter(
    "weight_nonfinite",
    "non-finite weights",
    "Number of strided weight elements that are NaN or infinite before the step.",
)
GRAD_ARRIVED = _parameter(
    "grad_arrived",
    "gradient arrivals",
    "Share of the step's backward passes that brought this parameter a gradient, 0 to 1.",
)
GRAD_STALE = _parameter(
    "grad_stale",
    "stale gradient",
    "1 where the first backward pass of the step found the gradient that the last step had already "
    "used, untouched; else 0.",
)
UNIQUE_UNITS = _parameter(
    "unique_units",
    "distinct units",
    "Share of a weight matrix's rows that differ, by a fixed random projection, before the step; "
    "measured on few early steps.",
)
MODULE_RAN = _parameter(
    "module_ran",
    "module runs",
    "1 where the forward of a module that owns the parameter ran in the step, else 0; "
    "measured at the first steps only.",
)

PARAMETER_SIGNALS = (
    GRAD_NORM, WEIGHT_NORM, UPDATE_NORM, GRAD_SAMPLED_NORM, GRAD_DOT_PREV, UPDATE_DOT_PREV,
    GRAD_DOT_WEIGHT, GRAD_ZERO_SHARE, GRAD_NONFINITE, WEIGHT_NONFINITE, GRAD_ARRIVED, GRAD_STALE,
    UNIQUE_UNITS, MODULE_RAN,
)  # fmt: skip


def _run(name: str, label: str, unit: str, doc: str) -> Signal:
    return Signal(name, label, unit, "run", doc)


CRITERION_LOSS = _run(
    "criterion_loss",
    "criterion loss",
    "",
    "The criterion's own value, without added penalties and scaling.",
)
PRIOR_LOSS = _run(
    "prior_loss",
    "prior loss",
    "",
    "Loss of the best constant prediction over all targets seen so far: "
    "label entropy, or target variance.",
)
PRIOR_COUNT = _run("prior_count", "targets seen", "", "Number of targets behind prior_loss.")
CLASS_COUNT = _run(
    "class_count", "classes", "", "Number of classes of a classification criterion; NaN for others."
)
PREDICTION_ENTROPY = _run(
    "prediction_entropy",
    "prediction entropy",
    "nat",
    "Mean entropy of the predicted distributions of a batch.",
)
PREDICTION_INFORMATION = _run(
    "prediction_information",
    "prediction information",
    "nat",
    "Entropy of the batch's mean prediction less the mean entropy: "
    "how much the prediction depends on the input.",
)
BACKWARDS = _run(
    "backwards", "backward passes", "", "Backward passes since the last optimizer step."
)
OPTIMIZER_STEPS = _run(
    "optimizer_steps",
    "optimizer steps",
    "",
    "Steps by any optimizer that belongs to the run, so far.",
)
TRAIN_MODE = _run(
    "train_mode",
    "train mode",
    "",
    "1 where the model was in train mode at the backward pass, else 0.",
)

RUN_SIGNALS = (
    CRITERION_LOSS, PRIOR_LOSS, PRIOR_COUNT, CLASS_COUNT, PREDICTION_ENTROPY,
    PREDICTION_INFORMATION, BACKWARDS, OPTIMIZER_STEPS, TRAIN_MODE,
)  # fmt: skip


def _layer(name: str, label: str, unit: str, doc: str) -> Signal:
    return Signal(name, label, unit, "layer", doc)


STD_IN = _layer(
    "std_in",
    "std in",
    "",
    "Standard deviation of the layer's input, over at most 2,048 strided elements of it. NaN where "
    "it is no tensor of real numbers, or is overwritten before the layer has ended.",
)
STD_OUT = _layer(
    "std_out",
    "std out",
    "",
    "Standard deviation of the layer's output, over at most 4,096 strided elements of it, as it "
    "left the layer: before an in-place function that follows. std_out/std_in is the layer's gain.",
)
UNIT_STD = _layer(
    "unit_std",
    "std over samples",
    "",
    "Root of the mean over the layer's units of their variance over samples: how far the output "
    "depends on the input. Far below std_out: nearly the same for every input.",
)
MEAN_OUT = _layer("mean_out", "mean out", "", "Mean of the same elements as std_out.")
DEAD_SHARE = _layer(
    "dead_share",
    "dead units",
    "",
    "Share of the units that were never above 0 in the window, 0 to 1; of a layer that is or feeds "
    "a ReLU. NaN for other layers, and before 512 samples have been seen.",
)
DORMANT_SHARE = _layer(
    "dormant_share",
    "dormant units",
    "",
    "Share of the units whose mean |activation| in the window is at most 0.025 times the mean over "
    "the layer (Sokar et al. 2023, eq. 1); of a layer that is or feeds an activation function. NaN "
    "for other layers, and before 512 samples have been seen.",
)
SATURATED_SHARE = _layer(
    "saturated_share",
    "saturated",
    "",
    "Share of the elements where the pre-activation pins the function: beyond 5 for tanh and "
    "sigmoid (DeepDiagnosis, Wardat et al. 2022), where the slope is 0 for hardtanh, hardsigmoid "
    "and above 6 for relu6; for softmax the share of distributions whose largest entry is above "
    "sigmoid(5). NaN for layers that neither are nor feed such a function.",
)
OUT_NONFINITE = _layer(
    "out_nonfinite",
    "non-finite outputs",
    "",
    "Number of the elements behind std_out that are NaN or infinite.",
)
WINDOW_SAMPLES = _layer(
    "window_samples",
    "samples in window",
    "samples",
    "Number of samples of each unit behind dead_share and dormant_share; of an output with several "
    "positions, each position of an example is one. NaN where the layer did not run.",
)

LAYER_SIGNALS = (
    STD_IN, STD_OUT, UNIT_STD, MEAN_OUT, DEAD_SHARE, DORMANT_SHARE, SATURATED_SHARE, OUT_NONFINITE,
    WINDOW_SAMPLES,
)  # fmt: skip


def group_tag(signal: Signal, group: str) -> str:
    """Return the tag of one param group's series, `train/lr/<group>`."""
    return f"{signal.tag}/{group}"
