"""Signals of a batch of data: what the model was given, and what the criterion was given.

Columns of the wide record, one row in all, measured on some of the sampled steps: NaN elsewhere.
"""

from __future__ import annotations

from lossmon.signal import Signal


def _batch(name: str, label: str, unit: str, doc: str) -> Signal:
    return Signal(name, label, unit, "run", doc)


ACCURACY = _batch(
    "accuracy", "accuracy", "", "Share of the batch whose likeliest class is the target."
)
TOP_PREDICTION_SHARE = _batch(
    "top_prediction_share",
    "commonest prediction",
    "",
    "Share of the batch that is given the class which is predicted most often.",
)
CONFIDENT_WRONG = _batch(
    "confident_wrong",
    "confident and wrong",
    "",
    "Share of the batch whose likeliest class has a probability above 0.9 and is not the target.",
)
TARGET_COUNT = _batch(
    "target_count", "targets", "", "Number of the batch's targets that count: weight of the batch."
)
TARGET_IGNORED = _batch(
    "target_ignored", "ignored targets", "", "Share of the batch's targets that are ignored."
)
TARGET_MEAN = _batch(
    "target_mean", "target mean", "", "Mean of the batch's targets; of class indices NaN."
)
TARGET_STD = _batch(
    "target_std",
    "target std",
    "",
    "Standard deviation of the targets over the batch, root mean square over the outputs.",
)
TARGET_LOW = _batch("target_low", "lowest target", "", "Least target of the batch; a class index.")
TARGET_HIGH = _batch("target_high", "highest target", "", "Largest target of the batch.")
TARGET_NONFINITE = _batch(
    "target_nonfinite", "non-finite targets", "", "Number of targets that are NaN or infinite."
)
PREDICTION_MEAN = _batch(
    "prediction_mean",
    "prediction mean",
    "",
    "Mean of what the criterion is given; NaN where the graph of a functional loss does not keep "
    "it, as for logits straight from a linear layer.",
)
PREDICTION_STD = _batch(
    "prediction_std",
    "prediction std",
    "",
    "Its standard deviation over the batch, root mean square over the outputs.",
)
PREDICTION_LOW = _batch("prediction_low", "lowest prediction", "", "Its least element.")
PREDICTION_HIGH = _batch("prediction_high", "highest prediction", "", "Its largest element.")
PREDICTION_NONFINITE = _batch(
    "prediction_nonfinite",
    "non-finite predictions",
    "",
    "Number of its elements that are NaN or infinite; of functional cross-entropy counted after "
    "the softmax.",
)
ROW_SPREAD = _batch(
    "row_spread",
    "spread of logits",
    "",
    "Largest difference of two classes' logits in an example: at most 1 where they are "
    "probabilities.",
)
ROW_SUM_ERROR = _batch(
    "row_sum_error",
    "row sums",
    "",
    "Largest distance from 1 of the sum over the classes of what the criterion is given: near 0 "
    "behind a softmax; for the negative log-likelihood of its exponentials, which should be 0.",
)

CLASS_BINS = 16
"""Classes that are counted apart; above, class c counts in bin c mod 16."""
LABEL_COUNTS = tuple(
    _batch(
        f"label_count_{i}",
        f"targets of class {i}",
        "",
        f"Number of the batch's targets of class {i}; of more than {CLASS_BINS} classes of all "
        f"that leave {i} when divided by {CLASS_BINS}. To be summed over a window.",
    )
    for i in range(CLASS_BINS)
)
PREDICTED_COUNTS = tuple(
    _batch(
        f"predicted_count_{i}",
        f"predictions of class {i}",
        "",
        f"Sum over the batch of the predicted probability of class {i}, folded as label_count_{i} "
        "is: the mean prediction of a window is its sum over that of all bins.",
    )
    for i in range(CLASS_BINS)
)
FOUND_COUNTS = tuple(
    _batch(
        f"found_count_{i}",
        f"targets found of class {i}",
        "",
        f"Number of the batch's targets of class {i} that have it for their likeliest class, "
        f"folded as label_count_{i} is: summed over a window, over that, the recall of the class.",
    )
    for i in range(CLASS_BINS)
)

BATCH_SIZE = _batch(
    "batch_size", "batch size", "", "First dimension of the model's main input, per forward."
)
INPUT_MEAN = _batch("input_mean", "input mean", "", "Mean of the model's main input, of one batch.")
INPUT_STD = _batch("input_std", "input std", "", "Standard deviation of all its elements.")
INPUT_LOW = _batch("input_low", "lowest input", "", "Its least element.")
INPUT_HIGH = _batch("input_high", "highest input", "", "Its largest element.")
INPUT_NONFINITE = _batch(
    "input_nonfinite", "non-finite inputs", "", "Number of its elements that are NaN or infinite."
)
INPUT_CONSTANT_SHARE = _batch(
    "input_constant_share",
    "constant features",
    "",
    "Share of its features that have had one value in all batches looked at so far.",
)
INPUT_OFFSET = _batch(
    "input_offset",
    "offset of features",
    "",
    "Mean of |mean|/std over the features that vary, over all batches looked at so far.",
)
INPUT_SCALE_SPREAD = _batch(
    "input_scale_spread",
    "spread of scales",
    "",
    "Standard deviation of ln(std) over the features that vary, over all batches so far.",
)
INPUT_PRINT = _batch(
    "input_print",
    "input fingerprint",
    "",
    "Product of strided input elements with a fixed random vector: equal for equal batches, "
    "different for different ones almost surely.",
)
TARGET_PRINT = _batch(
    "target_print", "target fingerprint", "", "The same of the targets that the criterion is given."
)

VERDICT_SIGNALS = (
    ACCURACY, TOP_PREDICTION_SHARE, CONFIDENT_WRONG, TARGET_COUNT, TARGET_IGNORED, TARGET_MEAN,
    TARGET_STD, TARGET_LOW, TARGET_HIGH, TARGET_NONFINITE, PREDICTION_MEAN, PREDICTION_STD,
    PREDICTION_LOW, PREDICTION_HIGH, PREDICTION_NONFINITE, ROW_SPREAD, ROW_SUM_ERROR, *LABEL_COUNTS,
    *PREDICTED_COUNTS, *FOUND_COUNTS,
)  # fmt: skip
"""What is seen of predictions and targets, in one vector."""
INPUT_SIGNALS = (
    INPUT_MEAN, INPUT_STD, INPUT_LOW, INPUT_HIGH, INPUT_NONFINITE, INPUT_CONSTANT_SHARE,
    INPUT_OFFSET, INPUT_SCALE_SPREAD,
)  # fmt: skip
"""What is seen of the model's main input, in one vector."""
BATCH_SIGNALS = (*VERDICT_SIGNALS, BATCH_SIZE, *INPUT_SIGNALS, INPUT_PRINT, TARGET_PRINT)
