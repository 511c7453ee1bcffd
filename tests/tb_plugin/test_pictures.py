"""The routes that draw: several runs, layers, comparisons, files to save, and their limits."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lossmon import signals
from lossmon.cli import main
from lossmon.diagnosis import synth
from lossmon.records import Run
from tensorboard_plugin_lossmon.ready import Shelf

STEPS = 60
HOSTILE = "<b>x</b>"
Write = Callable[[Run, Path], None]
SHAPES = {"body.0.weight": (8, 8), "body.0.bias": (8,), f"{HOSTILE}.weight": (4, 8)}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory, write: Write) -> Path:
    """Two runs with layers, and one of scalars alone."""
    folder = tmp_path_factory.mktemp("runs")
    lost = [1.0] * STEPS
    zero = {signals.GRAD_NORM: [[1.0, 0.0, float("nan")]] * STEPS}
    times = {signals.STEP_MS: 20.0, signals.DATA_MS: 5.0}
    write(synth.run(STEPS, shapes=SHAPES, layers=(), layer={}, scalar=times), folder / "a")
    write(synth.run(STEPS, shapes=SHAPES, layers=(), parameter=zero, loss=lost), folder / "b")
    write(synth.run(STEPS, shapes={}, layers=()), folder / "plain")
    return folder


@pytest.fixture
def shown(panel: Callable[..., Any], runs: Path) -> Any:
    return panel("--logdir", runs)


def test_several_runs_share_a_chart_and_keep_their_colours(shown: Any) -> None:
    answer = shown.json("figure", run=["a", "b"], hue=[3, 5], smooth=0.9, x="relative")
    text = json.dumps(answer["item"])
    assert "#f9ab00" in text
    assert "#7cb342" in text
    steps, places = answer["knots"]
    assert (steps[0], places[0], steps[-1], places[-1]) == (0, 0, STEPS - 1, STEPS - 1)
    assert shown.json("figure", run=["a", "b"], v=answer["v"]) == {"unchanged": True}
    assert shown.json("figure", run="a")["v"] != answer["v"]


def test_what_the_machine_gave_is_told_and_drawn_where_it_is_asked_for(shown: Any) -> None:
    answer = shown.json("machine", run="a")
    assert answer["facts"] == [["step time", "20 ms"], ["data wait", "25 % of it"]]
    assert "dials" not in answer
    drawn = shown.json("machine", run="a", drawn="yes", x="relative", look="dark")
    (dial,) = drawn["dials"]
    assert (dial["name"], dial["title"]) == ("time", "time of a step, ms")
    assert shown.json("machine", run="a", drawn="yes", v=drawn["v"]) == {"unchanged": True}
    assert shown.json("machine", run="b") == {"v": shown.json("machine", run="b")["v"], "facts": []}


def test_heatmap_names_its_rows_and_says_which_a_finding_names(shown: Any) -> None:
    answer = shown.json("heatmap", run="b", level=0)
    assert [row["name"] for row in answer["rows"]] == list(SHAPES)
    assert HOSTILE not in json.dumps(answer["item"])
    assert len(answer["scale"]) == 253
    report = shown.json("report", run="b")["report"]
    named = {f["rule"]: set(f["culprits"]) for f in report["findings"]}
    for row in answer["rows"]:
        expected = {rule for rule, names in named.items() if row["name"] in names}
        assert expected <= set(row["named"])


def test_heatmap_says_where_the_first_row_of_each_finding_is_on_any_page(
    panel: Callable[..., Any],
    write: Write,
    not_finite: Callable[[int, int], Run],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    write(not_finite(7, 5), tmp_path / "late")
    monkeypatch.setattr("tensorboard_plugin_lossmon.layerdrawing.MOST_ROWS", 2)
    board = panel("--logdir", tmp_path)
    pages = [board.json("heatmap", run="late", level=0, row=row) for row in (0, 2, 4)]
    assert [page["first_named"] for page in pages] == [{"nan-in-loss": 5}] * 3
    assert [page["page"] for page in pages] == [2] * 3
    assert [row["named"] for row in pages[2]["rows"]] == [[], ["nan-in-loss"]]


def test_rows_are_folded_by_module_and_opened_by_name(shown: Any) -> None:
    folded = shown.json("heatmap", run="a", level=1)
    assert [row["name"] for row in folded["rows"]] == ["body.0", HOSTILE]
    assert [row["parts"] for row in folded["rows"]] == [2, 1]
    opened = shown.json("heatmap", run="a", level=1, open=["body.0"])
    assert [row["name"] for row in opened["rows"]] == ["body.0.weight", "body.0.bias", HOSTILE]


def test_rows_beyond_those_of_a_picture_are_asked_for_by_their_number(
    shown: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tensorboard_plugin_lossmon.layerdrawing.MOST_ROWS", 2)
    first = shown.json("heatmap", run="a", level=0, look="dark")
    later = shown.json("heatmap", run="a", level=0, row=2, look="dark")
    assert (len(first["rows"]), first["start"], first["total"]) == (2, 0, 3)
    assert [row["name"] for row in later["rows"]] == list(SHAPES)[2:]
    assert shown.json("heatmap", run="a", level=0, row=999, look="dark")["start"] == 2


@pytest.mark.parametrize("metric", ["grad", "update", "weight", "dead"])
def test_every_metric_is_drawn_or_says_that_it_was_not_recorded(shown: Any, metric: str) -> None:
    answer = shown.json("heatmap", run="a", metric=metric, first=10, last=20.5, look="dark")
    if metric == "dead":
        assert answer["item"] is None
        assert answer["reason"] == "No dead units was recorded in these steps."
    else:
        assert answer["item"]
        assert answer["range"] == [10, 20.5]


def test_run_without_layers_says_how_to_get_them(shown: Any) -> None:
    answer = shown.json("heatmap", run="plain")
    assert answer["item"] is None
    assert "lossmon.watch(" in answer["reason"]


def test_layer_tells_its_facts_and_what_cannot_be_drawn(shown: Any) -> None:
    answer = shown.json("layer", run="b", name="body.0.bias")
    facts = dict(answer["facts"])
    assert facts["shape"] == "8, float32"
    assert facts["grad norm"] == "0"
    assert (
        answer["gaps"] == ["grad norm: zero in 600 of 600 columns"] or "zero" in answer["gaps"][0]
    )
    whole = shown.json("layer", run="b", name="body.0")
    assert dict(whole["facts"])["parameters"].startswith("2 tensors")
    assert shown.json("layer", run="b", name="none")["reason"] == "no such layer: none"


def test_comparison_holds_the_second_run_against_the_first(shown: Any) -> None:
    answer = shown.json("compare", run=["a", "b"])
    assert answer["item"]
    assert "the losses first differ at step 0" in answer["reads"]
    assert answer["settings"] == []
    assert answer["layers"][0][0] == "body.0.weight"
    same = shown.json("compare", run=["b", "a"])
    assert same["v"] != answer["v"]


def test_findings_are_saved_as_check_prints_them(
    shown: Any, runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["check", str(runs), "--json"])
    printed = {run["run"]: run for run in json.loads(capsys.readouterr().out)["runs"]}
    response = shown.get("export", run="b", **{"as": "json"})
    assert json.loads(response.get_data())["runs"] == [printed["b"]]
    assert response.headers["Content-Disposition"] == 'attachment; filename="b.json"'
    text = shown.get("export", run="b", **{"as": "md"}).get_data(as_text=True)
    assert text.startswith("### b: ")


@pytest.mark.parametrize(("form", "name"), [("csv", "train/loss"), ("layers", "grad_norm")])
def test_values_are_saved_as_export_writes_them(shown: Any, form: str, name: str) -> None:
    text = shown.get("export", run="a", **{"as": form}).get_data(as_text=True)
    rows = [row for row in csv.DictReader(io.StringIO(text)) if row["name"] == name]
    assert len(rows) == STEPS * (1 if form == "csv" else len(SHAPES))


def test_more_rows_than_a_file_may_have_are_refused(
    shown: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tensorboard_plugin_lossmon.exports.MOST_ROWS", 10)
    code, reason = shown.refused("export", run="a", **{"as": "csv"})
    assert code == 400
    assert "lossmon export" in reason


@pytest.mark.parametrize(
    ("route", "query", "reason"),
    [
        ("figure", {"run": ["a"] * 65}, "run may be given 64 times"),
        ("figure", {"run": [f"a{n}" for n in range(21)]}, "run may be given 20 times"),
        ("figure", {"run": "a" * 5000}, "4096 characters"),
        ("figure", {"run": "a", "path": "/etc"}, "no such parameter: path"),
        ("figure", {"run": "a", "y": ["log", "log"]}, "y may be given 1 time"),
        ("figure", {"run": ["a", "b"], "hue": [1]}, "hue is given once for each run"),
        ("figure", {"run": "a", "smooth": "1"}, "smooth must be a number from 0"),
        ("figure", {"run": "a", "smooth": "nan"}, "smooth must be a number from 0"),
        ("figure", {"run": "a", "x": "time"}, "step, relative, wall"),
        ("figure", {"run": "a", "first": "1", "last": "inf"}, "go together"),
        ("figure", {"run": "a", "first": "1", "last": "1e300"}, "go together"),
        ("figure", {"run": "a", "left": "9999"}, "left must be a whole number from 40 to 400"),
        ("heatmap", {"run": "a", "metric": "loss"}, "grad, update, weight, dead"),
        ("heatmap", {"run": "a", "level": "-1"}, "level must be a whole number"),
        ("heatmap", {"run": "a", "open": [str(n) for n in range(33)]}, "open may be given 32"),
        ("layer", {"run": "a"}, "name is missing"),
        ("compare", {"run": "a"}, "twice"),
        ("compare", {"run": ["a", "a"]}, "twice"),
        ("export", {"run": "a", "as": "exe"}, "json, md, csv, layers"),
        ("about", {"v": "1"}, "no such parameter: v; there are: none"),
    ],
)
def test_parameter_beyond_its_limits_is_refused_with_the_limit(
    shown: Any, route: str, query: dict[str, Any], reason: str
) -> None:
    code, said = shown.refused(route, **query)
    assert code == 400
    assert reason in said


def test_shelf_holds_no_more_bytes_than_it_has_room_for() -> None:
    shelf, made = Shelf(room=100), []

    def make(name: str) -> Callable[[], dict[str, Any]]:
        return lambda: made.append(name) or {name: "x" * 40}

    for name in ("a", "a", "b", "a", "c", "a", "b"):
        shelf.get(name, make(name))
    assert made == ["a", "b", "c", "b"]
