"""Signals of a layer: what goes through it, and what its units do.

Columns of the wide record, one row a layer, measured on some of the sampled steps: NaN elsewhere.
"""

from __future__ import annotations

from lossmon.signal import Signal


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
    "sigmoid(5); for an LSTM, a GRU or an RNN of its gates, at sixteen examples. NaN for layers "
    "that neither are nor feed nor hold such a function.",
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
