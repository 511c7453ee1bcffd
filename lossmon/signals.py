"""The vocabulary: every quantity that lossmon defines, and the only place where tags are spelled.

A `scalar` is a series in the event file under its tag, one value a step. A `parameter`, `layer` or
`run` signal is a column of the wide record: one row per parameter, per layer, or one row in all.
Those of the run that are about batches of data stand in `batchsignals`, those of a layer in
`layersignals`.
"""

from __future__ import annotations

from lossmon.batchsignals import BATCH_SIGNALS
from lossmon.signal import Scope as Scope
from lossmon.signal import Signal as Signal

SCHEMA = 1
"""Version of the log's schema; a reader that meets a higher one shows scalars only, and says so."""

META_TAG = "lossmon/meta"
PARAMETERS_TAG = "lossmon/parameters"
LAYERS_TAG = "lossmon/layers"
RUN_TAG = "lossmon/run"
MARK_TAG = "lossmon/event"
ALIVE_TAG = "lossmon/alive"
CRITERION = "criterion"
"""Kind of the mark that says what the criterion is given: kind, shapes, what stands before it."""
INPUTS = "inputs"
"""Kind of the mark that says what the model is given: shape, dtype and device of each tensor."""
HYPERPARAMETERS = "hyperparameters"
"""Kind of the mark of an option of a param group, other than lr, that has changed."""
CONTESTED = "contested"
"""Kind of the mark of a run whose loss depends on parameters that another training moves."""
PROBE = "probe"
"""Kind of the mark of an experiment on a copy of the model: its name, and what it found."""
HOLD_OUT = "hold-out"
"""Kind of the mark of examples that the training was not to learn from: how many, of how many."""
HELD_OUT_LOSS = "held-out loss"
"""What the mark of a collector that is off calls their loss, where none could be held out."""
RANK_LOST = "rank-lost"
"""Kind of the mark of a rank that an exception ended, or that fell silent."""
PLUGIN_NAME = "lossmon"


def _scalar(tag: str, label: str, unit: str, doc: str) -> Signal:
    return Signal(tag.replace("/", "_"), label, unit, "scalar", doc, tag)


LOSS = _scalar(
    "train/loss",
    "loss",
    "",
    "Loss of one step, as given to backward(); mean over its backward passes, each made whole "
    "again where it was divided to accumulate gradients.",
)
VAL_LOSS = _scalar(
    "val/loss",
    "validation loss",
    "",
    "Validation loss as the user logs it, or as `lossmon run` sees it: the mean that a loss module "
    "returned without gradients between two steps; with `--hold-out` the mean of what it holds "
    "out.",
)
VAL_LOSS_ERROR = _scalar(
    "val/loss_error",
    "error of the validation loss",
    "",
    "With `--hold-out` the standard error of the change of `val/loss` since the pass before, from "
    "how it differs between the batches held out.",
)
LR = _scalar(
    "train/lr",
    "lr",
    "",
    "Learning rate of the step; with several param groups one tag each, `train/lr/<group>`.",
)
TOTAL_GRAD_NORM = _scalar(
    "train/grad_norm", "total norm", "", "L2 norm of all gradients as the optimizer uses them."
)
TOTAL_UNCLIPPED_NORM = _scalar(
    "train/grad_norm_unclipped",
    "total norm before clipping",
    "",
    "L2 norm of all gradients as the step's last backward pass left them, unscaled: "
    "train/grad_norm divided by it is the clip factor.",
)
TOTAL_UPDATE_RATIO = _scalar(
    "train/update_ratio",
    "update ratio",
    "",
    "‖Δw‖/‖w‖ of one step over all parameters that an optimizer holds.",
)
MOMENTUM = _scalar(
    "train/momentum",
    "momentum",
    "",
    "Momentum, or the first of the betas, on sampled steps where it is another than before; what "
    "it was at first the metadata says. With several param groups one tag each.",
)
WEIGHT_DECAY = _scalar(
    "train/weight_decay",
    "weight decay",
    "",
    "Weight decay on sampled steps where it is another than before, as for momentum.",
)
EPOCH = _scalar(
    "train/epoch",
    "epoch",
    "",
    "Passes that a DataLoader has begun over the training data since it is watched, this one "
    "included; at the second step of each, when it is clear which loader feeds the training.",
)
STEP_MS = _scalar(
    "perf/step_ms", "step time", "ms", "Wall time from one optimizer step to the next."
)
DATA_MS = _scalar(
    "perf/data_ms",
    "data wait",
    "ms",
    "Wall time from the end of a step to the model's next forward with gradients: loading data, "
    "and what else the loop does between. Absent where a forward without gradients lay between.",
)
EXAMPLES_PER_S = _scalar(
    "perf/examples_per_s",
    "examples",
    "1/s",
    "Batch size times backward passes of a step, by the time of the step; of this process.",
)
MEMORY_MB = _scalar(
    "perf/memory_mb", "device memory", "MB", "Memory of the model's device in torch's tensors."
)
MEMORY_PEAK_MB = _scalar(
    "perf/memory_peak_mb",
    "peak device memory",
    "MB",
    "The most that torch's tensors have taken of the device so far, or since the script reset it.",
)
HOST_MEMORY_MB = _scalar(
    "perf/host_memory_mb",
    "process memory",
    "MB",
    "Memory of the process that trains, without pages of files and without its children; on Linux.",
)
GPU_UTILISATION = _scalar(
    "perf/gpu_utilisation",
    "GPU utilisation",
    "%",
    "Share of the driver's last interval in which a kernel ran, by the driver.",
)
GPU_MEMORY_MB = _scalar(
    "perf/gpu_memory_mb", "GPU memory", "MB", "Memory in use on the GPU, by all processes."
)
GPU_POWER_W = _scalar("perf/gpu_power_w", "GPU power", "W", "Power that the GPU draws.")
GPU_TEMPERATURE_C = _scalar(
    "perf/gpu_temperature_c", "GPU temperature", "°C", "Temperature of the GPU."
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

SCALARS = (
    LOSS, VAL_LOSS, VAL_LOSS_ERROR, LR, TOTAL_GRAD_NORM, TOTAL_UNCLIPPED_NORM, TOTAL_UPDATE_RATIO,
    MOMENTUM, WEIGHT_DECAY, EPOCH, STEP_MS, DATA_MS, EXAMPLES_PER_S, MEMORY_MB, MEMORY_PEAK_MB,
    HOST_MEMORY_MB, GPU_UTILISATION, GPU_MEMORY_MB, GPU_POWER_W, GPU_TEMPERATURE_C, OVERHEAD,
    DROPPED,
)  # fmt: skip


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
UNMOVED_SHARE = _parameter(
    "unmoved_share",
    "lost updates",
    "Share of the strided elements with a gradient other than 0 that the step left exactly as they "
    "were; of 16-bit parameters, NaN for others.",
)
GRAD_DOT_SIGN = _parameter(
    "grad_dot_sign",
    "⟨g,sgn w⟩",
    "Inner product of the gradient with the signs of the weights before the step, scaled: of an L1 "
    "penalty's gradient its whole length; measured on the first 32 sampled steps, then where the "
    "step is divisible by 8.",
)
UNCLIPPED_NORM = _parameter(
    "grad_norm_unclipped",
    "grad norm before clipping",
    "L2 norm of .grad when the step's last backward pass ended, exact: accumulated, divided by the "
    "GradScaler's scale, not yet clipped. NaN where there was no gradient, or that pass was not "
    "seen, or its scale is not known.",
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
    "1 where the forward of a module that owns the parameter ran in the step, 0.5 where it did so "
    "in training mode without gradients, else 0; measured at the first steps only.",
)

PARAMETER_SIGNALS = (
    GRAD_NORM, WEIGHT_NORM, UPDATE_NORM, GRAD_SAMPLED_NORM, GRAD_DOT_PREV, UPDATE_DOT_PREV,
    GRAD_DOT_WEIGHT, GRAD_ZERO_SHARE, GRAD_NONFINITE, WEIGHT_NONFINITE, UNMOVED_SHARE,
    GRAD_DOT_SIGN,
    UNCLIPPED_NORM, GRAD_ARRIVED, GRAD_STALE, UNIQUE_UNITS, MODULE_RAN,
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
PREDICTION_CONFIDENCE = _run(
    "prediction_confidence",
    "confidence",
    "",
    "Mean over a batch of the probability of the likeliest class.",
)
CONFIDENCE_STD = _run(
    "confidence_std",
    "spread of confidence",
    "",
    "Its standard deviation over the batch: near 0 where each example is as unsure as any other.",
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
EVAL_LAYERS = _run(
    "eval_layers",
    "layers in eval mode",
    "",
    "Share of the layers whose mode matters (dropout, batch norm) that were in eval mode at the "
    "backward pass; NaN where the model has none. On the first 8 sampled steps, then one in 17.",
)
FRESH_NORMS = _run(
    "fresh_norms",
    "batch norms without statistics",
    "",
    "Share of the batch norms behind the loss that normalised by running statistics which no batch "
    "has ever changed; frozen ones left out. NaN where no batch norm is in eval mode.",
)

RUN_SIGNALS = (
    CRITERION_LOSS, PRIOR_LOSS, PRIOR_COUNT, CLASS_COUNT, PREDICTION_ENTROPY,
    PREDICTION_INFORMATION, PREDICTION_CONFIDENCE, CONFIDENCE_STD, BACKWARDS, OPTIMIZER_STEPS,
    TRAIN_MODE, EVAL_LAYERS, FRESH_NORMS, *BATCH_SIGNALS,
)  # fmt: skip


def group_tag(signal: Signal, group: str) -> str:
    """Return the tag of one param group's series, `train/lr/<group>`."""
    return f"{signal.tag}/{group}"
