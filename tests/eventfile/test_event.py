"""Encoding and decoding against the real protobuf classes, and against noise."""

from __future__ import annotations

import math
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tensorboard.compat.proto import event_pb2, summary_pb2, tensor_pb2, types_pb2
from tensorboard.util import tensor_util

from lossmon import signals
from lossmon.errors import EventFileError
from lossmon.eventfile.encoding import ScalarEncoder, start_event, text_event, version_event
from lossmon.eventfile.event import Slot, Value, decode_event
from lossmon.eventfile.widerecord import TAGS, WideEncoder
from lossmon.records import RunMeta

STEPS = st.one_of(st.integers(0, 2**36), st.just(-1), st.integers(-(2**63), 2**63 - 1))


def numbers(data: bytes, slot: Slot | None) -> list[float]:
    assert slot is not None
    found = np.frombuffer(data[slot.start : slot.stop], slot.dtype)
    return [float(number) for number in found]


@given(STEPS, st.dictionaries(st.text(max_size=20), st.floats(width=32), max_size=5))
def test_scalars_are_read_by_protobuf_as_they_were_given(
    step: int, values: dict[str, float]
) -> None:
    values = {tag.encode("utf-8", "replace").decode(): value for tag, value in values.items()}
    event = event_pb2.Event.FromString(ScalarEncoder()(step, 12.5, values))
    assert (event.step, event.wall_time) == (step, 12.5)
    assert [value.tag for value in event.summary.value] == list(values)
    for value, expected in zip(event.summary.value, values.values(), strict=True):
        assert value.simple_value == expected or math.isnan(expected)


def test_scalars_have_the_same_length_at_every_step() -> None:
    encode = ScalarEncoder()
    assert {len(encode(step, 1.0, {"a": 1.0})) for step in (0, 127, 128, 10**6, 2**35 - 1)} == {27}


def test_a_value_beyond_float32_is_written_as_infinite() -> None:
    event = event_pb2.Event.FromString(ScalarEncoder()(0, 1.0, {"a": 1e300, "b": -1e300}))
    assert [value.simple_value for value in event.summary.value] == [math.inf, -math.inf]


def test_start_is_a_session_log_start() -> None:
    event = event_pb2.Event.FromString(start_event(500, 1.0))
    assert event.session_log.status == event_pb2.SessionLog.START
    assert event.step == 500
    assert decode_event(start_event(500, 1.0)).starts


def test_the_first_record_names_version_and_writer() -> None:
    event = event_pb2.Event.FromString(version_event(3.0, "lossmon 9"))
    assert event.file_version == "brain.Event:2"
    assert event.source_metadata.writer == "lossmon 9"


def test_text_is_a_string_tensor_with_our_plugin_and_a_data_class() -> None:
    event = event_pb2.Event.FromString(text_event(signals.MARK_TAG, 3, 1.0, "{}"))
    (value,) = event.summary.value
    assert value.metadata.plugin_data.plugin_name == signals.PLUGIN_NAME
    assert value.metadata.data_class == summary_pb2.DATA_CLASS_TENSOR
    assert value.tensor.dtype == types_pb2.DT_STRING
    assert list(value.tensor.string_val) == [b"{}"]


def test_a_wide_record_is_three_float_tensors_of_one_event(meta: RunMeta) -> None:
    columns, runs = len(meta.parameter_signals), len(meta.run_signals)
    table = np.arange(2 * columns, dtype="<f4")
    totals = np.full(runs, np.nan, "<f4")
    data = WideEncoder(meta)(7, 1.5, (table.tobytes(), b"", totals.tobytes()))
    event = event_pb2.Event.FromString(data)
    assert (event.step, event.wall_time) == (7, 1.5)
    assert [value.tag for value in event.summary.value] == list(TAGS)
    found = [tensor_util.make_ndarray(value.tensor) for value in event.summary.value]
    assert [array.shape for array in found] == [(2, columns), (0, 0), (1, runs)]
    assert np.array_equal(found[0].ravel(), table)
    assert np.isnan(found[2]).all()


def foreign(value: summary_pb2.Summary.Value) -> bytes:
    value.tag = "loss"
    event = event_pb2.Event(wall_time=2.0, step=300, summary=summary_pb2.Summary(value=[value]))
    return bytes(event.SerializeToString())


@pytest.mark.parametrize(
    "tensor",
    [
        tensor_pb2.TensorProto(dtype=types_pb2.DT_FLOAT, float_val=[0.25]),
        tensor_pb2.TensorProto(dtype=types_pb2.DT_DOUBLE, double_val=[0.25]),
        tensor_pb2.TensorProto(dtype=types_pb2.DT_FLOAT, tensor_content=struct.pack("<f", 0.25)),
        tensor_pb2.TensorProto(dtype=types_pb2.DT_DOUBLE, tensor_content=struct.pack("<d", 0.25)),
        tensor_util.make_tensor_proto(np.float32(0.25)),
        tensor_util.make_tensor_proto(np.array([0.25], np.float32)),
    ],
    ids=["float_val", "double_val", "content", "content64", "scalar", "vector of one"],
)
def test_every_encoding_of_a_scalar_tensor_is_found(tensor: tensor_pb2.TensorProto) -> None:
    data = foreign(summary_pb2.Summary.Value(tensor=tensor))
    event = decode_event(data)
    assert event.step == 300
    assert [value.tag for value in event.values] == ["loss"]
    assert numbers(data, event.values[0].slot) == [0.25]


def test_an_image_has_no_numbers() -> None:
    image = summary_pb2.Summary.Image(height=1, width=1, encoded_image_string=b"\x00" * 99)
    (value,) = decode_event(foreign(summary_pb2.Summary.Value(image=image))).values
    assert value == Value("loss", tag_at=value.tag_at)


def test_a_shape_that_the_bytes_do_not_fill_is_no_table() -> None:
    tensor = tensor_util.make_tensor_proto(np.zeros((2, 3), np.float32))
    tensor.tensor_shape.dim[0].size = 2**40
    event = decode_event(foreign(summary_pb2.Summary.Value(tensor=tensor)))
    assert event.values[0].slot is None


@given(st.binary(max_size=200))
def test_noise_decodes_or_is_refused(data: bytes) -> None:
    try:
        event = decode_event(data)
    except EventFileError:
        return
    for value in event.values:
        assert value.slot is None or value.slot.stop <= len(data)


@given(st.data())
def test_a_record_with_wrong_bytes_decodes_or_is_refused(data: st.DataObject) -> None:
    record = bytearray(text_event("a", 3, 1.0, "xyz") + ScalarEncoder()(5, 1.0, {"b": 2.0}))
    for _ in range(data.draw(st.integers(1, 4))):
        record[data.draw(st.integers(0, len(record) - 1))] = data.draw(st.integers(0, 255))
    try:
        decode_event(bytes(record))
    except EventFileError:
        return
