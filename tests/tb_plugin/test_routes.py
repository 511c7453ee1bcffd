"""The routes: the same verdict as the command line, strict JSON, and a reason for every refusal."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from lossmon.cli import main

Write = Callable[..., Path]
NAN = math.nan
HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture
def falling() -> list[float]:
    """A loss that falls to its floor, with one step that is not a number."""
    return [2.0 * 0.98**step + 0.1 for step in range(300)]


@pytest.fixture
def runs(write_run: Write, falling: list[float]) -> Path:
    """Runs of every kind of loss that a log can hold."""
    write_run("falls", falling)
    write_run("deep/er/nan", [*falling[:50], *[NAN] * 100])
    write_run("infinite", [1.0, math.inf, -math.inf, 1e308, -1e308])
    write_run("short", [1.0])
    return write_run(HOSTILE, falling)


def _checked(logdir: Path, capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    main(["check", str(logdir), "--json"])
    runs = json.loads(capsys.readouterr().out)["runs"]
    assert isinstance(runs, list)
    return runs


def test_report_equals_what_check_prints_for_every_run(
    runs: Path, panel: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = panel("--logdir", runs)
    expected = _checked(runs, capsys)
    assert len(expected) == 5
    assert any(run["findings"] for run in expected)
    assert [shown.json("report", run=run["run"])["report"] for run in expected] == expected
    listed = shown.json("runs")["runs"]
    keys = ("run", "status", "cause", "steps")
    assert [[run[key] for key in keys] for run in listed] == [
        [run[key] for key in keys] for run in expected
    ]


@pytest.mark.parametrize(
    ("flag", "address", "prefix"),
    [("--logdir_spec", "x:{}", "x/"), ("--logdir", "file://{}", "")],
)
def test_report_is_the_same_however_the_folder_is_named(
    runs: Path, panel: Any, capsys: pytest.CaptureFixture[str], flag: str, address: str, prefix: str
) -> None:
    shown = panel(flag, address.format(runs))
    for expected in _checked(runs, capsys):
        name = f"{prefix}{expected['run']}"
        assert shown.json("report", run=name)["report"] == {**expected, "run": name}


def test_words_of_a_report_name_every_finding_once(runs: Path, panel: Any) -> None:
    answer = panel("--logdir", runs).json("report", run="deep/er/nan")
    shown = answer["verdict"]["findings"]
    assert sorted(f["rule"] for f in shown) == sorted(
        f["rule"] for f in answer["report"]["findings"]
    )
    assert [f["role"] for f in shown].count("cause") == 1
    assert all(f["steps"] for f in shown)


@pytest.mark.parametrize("route", ["runs", "report", "figure"])
def test_unchanged_data_is_not_sent_again(runs: Path, panel: Any, route: str) -> None:
    shown = panel("--logdir", runs)
    query = {} if route == "runs" else {"run": "falls"}
    token = shown.json(route, **query)["v"]
    assert shown.json(route, **query, v=token) == {"unchanged": True}
    assert shown.json(route, **query, v="another")["v"] == token


def test_log_that_grows_changes_its_own_token_alone(
    write_run: Write, falling: list[float], panel: Any, tmp_path: Path
) -> None:
    write_run("still", falling, closed=True)
    whole = write_run("../whole", falling) / "../whole/lossmon"
    grown = tmp_path / "runs" / "grows" / "lossmon"
    grown.mkdir(parents=True)
    (file,) = whole.glob("*tfevents*")
    content = file.read_bytes()
    (grown / file.name).write_bytes(content[: len(content) // 2])
    shown = panel("--logdir", tmp_path / "runs")
    before = {run["run"]: run for run in shown.json("runs")["runs"]}
    token = shown.json("runs")["v"]
    (grown / file.name).write_bytes(content)
    after = {run["run"]: run for run in shown.json("runs", v=token)["runs"]}
    assert after["still"] == before["still"]
    assert before["grows"]["steps"] < after["grows"]["steps"] == 300
    assert shown.json("report", run="grows", v=before["grows"]["v"])["report"]["steps"] == 300


def test_run_that_appears_later_is_found(write_run: Write, panel: Any, tmp_path: Path) -> None:
    shown = panel("--logdir", tmp_path / "runs")
    assert shown.json("runs")["runs"] == []
    write_run("late", [1.0, 2.0])
    assert shown.json("report", run="late")["report"]["steps"] == 2


def test_run_that_was_deleted_is_gone(write_run: Write, panel: Any, tmp_path: Path) -> None:
    shown = panel("--logdir", write_run("a", [1.0]))
    assert shown.get("report", run="a").status_code == 200
    for file in (tmp_path / "runs" / "a" / "lossmon").iterdir():
        file.unlink()
    assert shown.json("runs")["runs"] == []
    assert shown.get("report", run="a").status_code == 404


@pytest.mark.parametrize("name", ["", "none"])
def test_folder_without_runs_is_an_empty_list_with_a_reason(
    tmp_path: Path, panel: Any, name: str
) -> None:
    answer = panel("--logdir", tmp_path / name).json("runs")
    assert (answer["runs"], answer["pending"]) == ([], [])
    assert answer["notes"]


def test_logdir_spec_names_the_runs(write_run: Write, panel: Any) -> None:
    folder = write_run("a", [1.0, 0.9])
    shown = panel("--logdir_spec", f"x:{folder},y:{folder}/a")
    assert [run["run"] for run in shown.json("runs")["runs"]] == ["x/a", "y"]
    assert shown.json("report", run="y")["report"]["steps"] == 2


def test_links_out_of_the_logdir_are_named_and_not_read(
    write_run: Write, panel: Any, tmp_path: Path
) -> None:
    folder = write_run("a", [1.0])
    write_run("../secret", [3.0])
    (folder / "linked").symlink_to(tmp_path / "secret")
    shown = panel("--logdir", folder)
    assert shown.json("runs")["outside"] == ["linked"]
    assert shown.get("report", run="linked").status_code == 404
    assert shown.get("figure", run="linked").status_code == 404


def test_file_that_became_a_link_out_of_the_logdir_is_not_read(
    write_run: Write, panel: Any, tmp_path: Path
) -> None:
    folder = write_run("a", [1.0])
    write_run("../secret", [3.0])
    shown = panel("--logdir", folder)
    assert shown.get("report", run="a").status_code == 200
    (secret,) = (tmp_path / "secret" / "lossmon").glob("*tfevents*")
    (folder / "a" / "lossmon" / secret.name).symlink_to(secret)
    assert shown.get("report", run="a").status_code == 404
    assert shown.json("runs")["outside"] == ["a"]


def test_figure_is_a_bokeh_item(runs: Path, panel: Any) -> None:
    answer = panel("--logdir", runs).json("figure", run="falls")
    assert {"doc", "root_id"} <= set(answer["item"])
    assert (answer["tag"], answer["can_log"]) == ("train/loss", True)
    assert answer["range"] == pytest.approx([0, 299], abs=5)


def test_figure_of_a_run_without_a_loss_says_what_to_do(
    tmp_path: Path, panel: Any, write_scalar: Callable[[str, str], None]
) -> None:
    write_scalar("lr-only", "train/lr")
    answer = panel("--logdir", tmp_path / "runs").json("figure", run="lr-only")
    assert answer["item"] is None
    assert "mon.step(loss)" in answer["reason"]


@pytest.fixture
def write_scalar(tmp_path: Path) -> Callable[[str, str], None]:
    """Write a run that holds one scalar tag."""

    def write(name: str, tag: str) -> None:
        from lossmon.eventfile.writer import RunWriter
        from lossmon.records import RunMeta

        writer = RunWriter(tmp_path / "runs" / name, RunMeta(name, f"{name}-0"))
        for step in range(20):
            writer.scalars(step, 1_700_000_000.0 + step, {tag: 0.1})
        writer.close()

    return write


@pytest.mark.parametrize("y", ["auto", "linear", "log"])
@pytest.mark.parametrize("run", ["falls", "deep/er/nan", "infinite", "short", HOSTILE])
def test_figure_of_any_loss_is_strict_json(runs: Path, panel: Any, run: str, y: str) -> None:
    query = {"y": y, "look": "dark", "hue": 3, "first": 1, "last": 3}
    assert panel("--logdir", runs).json("figure", run=run, **query)["item"]


def test_rule_answers_what_explain_prints(
    runs: Path, panel: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["explain", "no-signal", "--json"])
    printed = json.loads(capsys.readouterr().out)
    shown = panel("--logdir", runs).json("rule", id="no-signal")
    assert shown["doc"]
    assert json.dumps(shown["doc"]) in json.dumps(printed)


@pytest.mark.parametrize(
    ("route", "query", "code", "reason"),
    [
        ("report", {}, 400, "run is missing"),
        ("report", {"run": ""}, 400, "run is missing"),
        ("report", {"run": "none"}, 404, "no such run: none"),
        ("report", {"run": "../secret"}, 404, "no such run"),
        ("report", {"run": "/etc/passwd"}, 404, "no such run"),
        ("report", {"run": "a\x1b[2J\x00"}, 404, r"a\x1b[2J\x00"),
        ("figure", {"run": "falls", "look": "blue"}, 400, "light, dark"),
        ("figure", {"run": "falls", "y": "cubic"}, 400, "auto, linear, log"),
        ("figure", {"run": "falls", "hue": "7"}, 400, "hue must be a whole number"),
        ("figure", {"run": "falls", "hue": "-1"}, 400, "hue"),
        ("figure", {"run": "falls", "hue": "nan"}, 400, "hue"),
        ("figure", {"run": "falls", "first": "1"}, 400, "go together"),
        ("figure", {"run": "falls", "first": "9", "last": "3"}, 400, "first below last"),
        ("figure", {"run": "falls", "first": "0", "last": "9" * 30}, 400, "last"),
        ("figure", {"run": "falls", "first": "٣", "last": "9"}, 400, "first"),
        ("rule", {}, 400, "id is missing"),
        ("rule", {"id": "../engine"}, 404, "no such rule"),
        ("static/plugin.py", {}, 404, "no such file"),
        ("static/../plugin.py", {}, 404, ""),
        ("static/..%2fplugin.py", {}, 404, "no such file"),
        ("static/%2e%2e%2f%2e%2e%2fREADME.md", {}, 404, "no such file"),
        ("static//etc/passwd", {}, 404, "no such file"),
        ("static/..\\plugin.py", {}, 404, "no such file"),
        ("static/", {}, 404, ""),
    ],
)
def test_request_that_cannot_be_answered_is_refused_with_a_reason(
    runs: Path, panel: Any, route: str, query: dict[str, str], code: int, reason: str
) -> None:
    response = panel("--logdir", runs).get(route, **query)
    assert response.status_code == code
    assert reason in response.get_data(as_text=True).replace("\\\\", "\\")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"])
@pytest.mark.parametrize("route", ["about", "runs", "report?run=falls", "static/index.js"])
def test_only_get_is_answered(runs: Path, panel: Any, method: str, route: str) -> None:
    response = panel("--logdir", runs).client.open(f"/data/plugin/lossmon/{route}", method=method)
    assert response.status_code == 405
    assert response.headers["Allow"] == "GET"


def test_every_answer_names_its_type_and_forbids_guessing(runs: Path, panel: Any) -> None:
    shown = panel("--logdir", runs)
    for route, mimetype in (("runs", "application/json"), ("static/style.css", "text/css")):
        response = shown.get(route)
        assert response.mimetype == mimetype
        assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_page_allows_scripts_of_its_own_server_alone(runs: Path, panel: Any) -> None:
    page = panel("--logdir", runs).client.get("/data/plugin_entry.html?name=lossmon")
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "script-src 'self'" in policy


def test_modules_of_the_page_are_all_served_and_its_sheets_as_one(runs: Path, panel: Any) -> None:
    shown = panel("--logdir", runs)
    style = shown.get("static/style.css").get_data()
    folder = Path(__file__).parents[2] / "tb_plugin" / "tensorboard_plugin_lossmon" / "static"
    for file in folder.iterdir():
        if file.suffix == ".css":
            assert file.read_bytes() in style
        else:
            assert shown.get(f"static/{file.name}").get_data() == file.read_bytes()


def test_page_sets_text_and_never_markup() -> None:
    folder = Path(__file__).parents[2] / "tb_plugin" / "tensorboard_plugin_lossmon" / "static"
    for file in folder.glob("*.js"):
        for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
            assert word not in file.read_text(), (file.name, word)


def test_bokeh_is_served_from_the_installed_package(runs: Path, panel: Any) -> None:
    import bokeh

    shown = panel("--logdir", runs)
    assert shown.json("about")["bokeh"] == bokeh.__version__
    page = shown.client.get("/data/plugin_entry.html?name=lossmon").get_data(as_text=True)
    assert f"index.js?bokeh={bokeh.__version__}" in page
    response = shown.client.get(
        "/data/plugin/lossmon/static/bokeh.js", headers={"Accept-Encoding": "gzip"}
    )
    assert response.mimetype == "text/javascript"
    assert len(response.get_data()) < 450_000
    folder = Path(bokeh.__file__).parent / "server" / "static" / "js"
    plain = shown.get("static/bokeh.js").get_data()
    assert plain == (folder / "bokeh.min.js").read_bytes()


WITHOUT_BOKEH = """
import json, sys, types
sys.modules["bokeh"] = None
from tensorboard_plugin_lossmon import answers, assets, pictures, plugin
flags = types.SimpleNamespace(logdir=sys.argv[1], logdir_spec="")
store = plugin.LossmonPlugin(types.SimpleNamespace(flags=flags, logdir=sys.argv[1]))._store
print(json.dumps([
    answers.about_us(store, {})["bokeh"],
    pictures.figure(store, {"run": ["a"]}),
    len(answers.report(store, {"run": ["a"]})["report"]["clear"]) >= 0,
    assets.asset("bokeh.js"),
]))
"""


def test_without_bokeh_the_verdict_stays_and_the_tab_says_what_to_install(
    write_run: Write, run_python: Callable[..., CompletedProcess[str]]
) -> None:
    folder = write_run("a", [1.0] * 20)
    done = run_python("-c", WITHOUT_BOKEH, str(folder))
    assert done.returncode == 0, done.stderr
    version, figure, has_report, script = json.loads(done.stdout)
    assert (version, has_report, script) == ("", True, None)
    assert figure["item"] is None
    assert "pip install" in figure["reason"]


def test_damaged_log_is_shown_with_what_was_lost(runs: Path, panel: Any) -> None:
    (file,) = (runs / "falls" / "lossmon").glob("*tfevents*")
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 0xFF
    file.write_bytes(bytes(content))
    answer = panel("--logdir", runs).json("report", run="falls")
    assert "damaged" in answer["losses"][0]
    assert answer["report"]["steps"] < 300


@pytest.mark.filterwarnings("ignore:lossmon")
def test_log_with_gaps_is_shown_with_what_was_dropped(panel: Any, tmp_path: Path) -> None:
    from lossmon.eventfile.writer import RunWriter
    from lossmon.records import RunMeta

    writer = RunWriter(tmp_path / "runs" / "gaps", RunMeta("gaps", "start"))
    for value in (1.0, "no number", 2.0):
        writer.scalars(int(value == 2.0), 1e9, {"train/loss": value})  # type: ignore[dict-item]
    writer.close()
    answer = panel("--logdir", tmp_path / "runs").json("report", run="gaps")
    assert "1 record was dropped" in answer["losses"][0]
    assert answer["report"]["dropped"] == 1


def test_file_that_is_no_event_file_does_no_harm(panel: Any, tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "noise"
    folder.mkdir(parents=True)
    (folder / "events.out.tfevents.1.host").write_bytes(bytes(range(256)) * 40)
    answer = panel("--logdir", tmp_path / "runs").json("runs")
    assert answer["runs"] == []


def test_runs_that_the_time_does_not_suffice_for_are_pending(write_run: Write) -> None:
    from tensorboard_plugin_lossmon.places import Root
    from tensorboard_plugin_lossmon.store import Store

    names: Sequence[str] = ("a", "b", "c")
    for name in names:
        folder = write_run(name, [1.0])
    store = Store([Root(folder)])
    assert store.listing(budget_s=-1).pending == ("b", "c")
    assert store.listing(budget_s=60).pending == ()
    assert [entry.place.name for entry in store.listing().entries] == ["a", "b", "c"]


def test_page_that_shows_nothing_yet_does_not_wait_for_runs_that_are_pending(
    write_run: Write, panel: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tensorboard_plugin_lossmon.store._FIRST_S", -1)
    monkeypatch.setattr("tensorboard_plugin_lossmon.store._SOON_S", -1)
    for name in ("a", "b", "c"):
        folder = write_run(name, [1.0])
    shown = panel("--logdir", folder)
    opened = [shown.json("runs") for _ in range(2)]
    assert [answer["pending"] for answer in opened] == [["b", "c"]] * 2
    assert shown.json("runs", v=opened[-1]["v"])["pending"] == []
