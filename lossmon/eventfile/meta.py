"""The metadata record: RunMeta to JSON and back. Reading takes what it knows and trusts nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from typing import Any, TypeVar

from lossmon.errors import EventFileError
from lossmon.records import GroupInfo, LayerInfo, Mark, ParameterInfo, RunMeta

T = TypeVar("T")

_LIMIT = 1 << 62


def meta_json(meta: RunMeta) -> str:
    """Return the metadata as one line of JSON; what JSON cannot say is written as its `str`."""
    return json.dumps(_plain(meta), default=str)


def _plain(record: RunMeta | ParameterInfo | LayerInfo | GroupInfo) -> dict[str, Any]:
    plain = {f.name: getattr(record, f.name) for f in fields(record)}
    for name in ("parameters", "layers", "groups"):
        if name in plain:
            plain[name] = [_plain(row) for row in plain[name]]
    for name, value in plain.items():
        if isinstance(value, Mapping):
            plain[name] = {str(key): _values(item) for key, item in value.items()}
    return plain


def _values(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _values(item) for key, item in value.items()}
    return [_values(item) for item in value] if isinstance(value, (list, tuple)) else value


def parse_meta(text: bytes) -> RunMeta:
    """Return the metadata that `text` holds; unknown keys are ignored, wrong types become defaults.

    Raises:
        EventFileError: It is not a JSON object.
    """
    found = _object(text)
    return RunMeta(
        run_id=_text(found.get("run_id")),
        start_id=_text(found.get("start_id")),
        schema=_int(found.get("schema"), 1),
        writer=_text(found.get("writer")),
        rank=_int(found.get("rank")),
        world_size=_int(found.get("world_size"), 1),
        start_step=_int(found.get("start_step")),
        start_wall=_float(found.get("start_wall")),
        model=_text(found.get("model")),
        criterion=_text(found.get("criterion")),
        parameters=_rows(found.get("parameters"), _parameter),
        layers=_rows(found.get("layers"), _layer),
        groups=_rows(found.get("groups"), _group),
        parameter_signals=_texts(found.get("parameter_signals")),
        layer_signals=_texts(found.get("layer_signals")),
        run_signals=_texts(found.get("run_signals")),
        floor=_optional_float(found.get("floor")),
        ignore=_texts(found.get("ignore")),
        versions={key: _text(value) for key, value in _mapping(found.get("versions")).items()},
        settings=_mapping(found.get("settings")),
        job={key: _text(value) for key, value in _mapping(found.get("job")).items()},
    )


def mark_json(mark: Mark) -> str:
    """Return what a mark carries beside its step and time."""
    return json.dumps({"kind": mark.kind, "detail": _values(mark.detail)}, default=str)


def parse_mark(text: bytes, step: int, wall_time: float) -> Mark:
    """Return the mark that `text` holds.

    Raises:
        EventFileError: It is not a JSON object with a kind.
    """
    found = _object(text)
    kind = _text(found.get("kind"))
    if not kind:
        raise EventFileError("mark without a kind")
    return Mark(step, wall_time, kind, _mapping(found.get("detail")))


def _object(text: bytes) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise EventFileError("metadata is not JSON") from error
    if not isinstance(found, dict):
        raise EventFileError("metadata is not a JSON object")
    return found


def _parameter(row: Mapping[str, Any]) -> ParameterInfo:
    shape = row.get("shape")
    sizes = tuple(_int(size) for size in shape) if isinstance(shape, list) else ()
    return ParameterInfo(
        name=_text(row.get("name")),
        shape=sizes,
        dtype=_text(row.get("dtype"), "float32"),
        requires_grad=row.get("requires_grad") is not False,
        group=_int(row.get("group"), -1),
        depth=_int(row.get("depth")),
        kind=_text(row.get("kind")),
        tied=_texts(row.get("tied")),
        sampled=_int(row.get("sampled")),
        shard=_int(row.get("shard")),
        shards=_int(row.get("shards"), 1),
        shard_numel=_int(row.get("shard_numel")),
        since=_int(row.get("since")),
    )


def _layer(row: Mapping[str, Any]) -> LayerInfo:
    sources = row.get("sources")
    return LayerInfo(
        name=_text(row.get("name")),
        kind=_text(row.get("kind")),
        activation=_text(row.get("activation")),
        is_activation=row.get("is_activation") is True,
        sources=tuple(_int(at, -1) for at in sources) if isinstance(sources, list) else (),
        between=_texts(row.get("between")),
        units=_int(row.get("units")),
        sampled_units=_int(row.get("sampled_units")),
        settings=_numbers(row.get("settings")),
    )


def _group(row: Mapping[str, Any]) -> GroupInfo:
    return GroupInfo(
        name=_text(row.get("name")),
        optimizer=_text(row.get("optimizer")),
        lr=_float(row.get("lr"), float("nan")),
        weight_decay=_float(row.get("weight_decay")),
        decoupled=row.get("decoupled") is True,
        options=_mapping(row.get("options")),
        foreign=_int(row.get("foreign")),
        held=_int(row.get("held")),
    )


def _rows(value: Any, read: Callable[[Mapping[str, Any]], T]) -> tuple[T, ...]:
    rows: Sequence[Any] = value if isinstance(value, list) else ()
    return tuple(read(_mapping(row)) for row in rows)


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _numbers(value: Any) -> dict[str, float]:
    read = {key: _optional_float(number) for key, number in _mapping(value).items()}
    return {key: number for key, number in read.items() if number is not None}


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(_text(item) for item in value) if isinstance(value, list) else ()


def _text(value: Any, default: str = "") -> str:
    return value if isinstance(value, str) else default


def _int(value: Any, default: int = 0) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return default
    if isinstance(value, float) and not value.is_integer():
        return default
    return int(value) if abs(value) < _LIMIT else default


def _float(value: Any, default: float = 0.0) -> float:
    found = _optional_float(value)
    return default if found is None else found


def _optional_float(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        return float(value)
    except OverflowError:
        return None
