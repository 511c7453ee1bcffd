from __future__ import annotations

import numpy as np

from lossmon.diagnosis import synth
from lossmon.diagnosis.facts import Facts
from lossmon.layersignals import DEAD_SHARE, STD_OUT


def test_layers_are_named_in_the_order_in_which_they_run() -> None:
    layers = Facts(synth.run()).layers
    assert layers.names(np.array([info.is_activation for info in layers.infos])) == ("1", "3")


def test_typical_value_is_the_median_over_the_records() -> None:
    values = np.ones((300, 5))
    values[250:, 2] = 9.0
    layers = Facts(synth.run(layer={STD_OUT: values})).layers
    assert layers.typical(STD_OUT, layers.early).tolist() == [1.0] * 5
    assert layers.typical(STD_OUT, layers.newest[-40:]).tolist() == [1.0, 1.0, 9.0, 1.0, 1.0]


def test_what_was_never_measured_is_unknown() -> None:
    layers = Facts(synth.run(layer={DEAD_SHARE: np.nan})).layers
    assert np.isnan(layers.typical(DEAD_SHARE, layers.newest)).all()


def test_log_of_losses_alone_has_no_layers() -> None:
    layers = Facts(synth.scalars_only(synth.falling(300))).layers
    assert layers.infos == ()
    assert not layers.typical(STD_OUT, layers.newest).size
