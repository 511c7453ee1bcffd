from __future__ import annotations

import json
from pathlib import Path

import pytest

from lossmon.cli import main
from lossmon.diagnosis.rule import Rule
from lossmon.diagnosis.rules import load_rules

Capture = pytest.CaptureFixture[str]
PAGES = Path(__file__).resolve().parents[2] / "docs/rules"
SLUGS = [rule.id for rule in load_rules()]


def test_without_a_rule_all_are_listed_a_line_each(capsys: Capture) -> None:
    assert main(["explain"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == SLUGS


@pytest.mark.parametrize("rule", load_rules(), ids=lambda rule: rule.id)
def test_rule_is_explained_whole(rule: Rule, capsys: Capture) -> None:
    assert main(["explain", rule.id]) == 0
    out = capsys.readouterr().out
    words = " ".join(out.split())
    assert out.startswith(f"{rule.id}: {rule.claim}\n")
    assert all(" ".join(fix.split()) in words for fix in rule.fixes)
    assert all(slug in out for slug in rule.confusables)
    assert all(" ".join(limit.source.split()) in words for limit in rule.thresholds.values())


@pytest.mark.parametrize("slug", SLUGS)
def test_explanation_fits_the_terminal(slug: str, capsys: Capture) -> None:
    main(["explain", slug])
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 80


def test_unknown_rule_gets_the_nearest_names(capsys: Capture) -> None:
    assert main(["explain", "lr_high"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("lossmon: no rule is called 'lr_high'; the nearest: lr-too-high")


def test_unknown_rule_unlike_any_points_to_the_list(capsys: Capture) -> None:
    assert main(["explain", "qqqqqq"]) == 2
    assert "`lossmon explain` lists them" in capsys.readouterr().err


def test_json_holds_every_rule(capsys: Capture) -> None:
    assert main(["explain", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["schema"] == 1
    assert [rule["rule"] for rule in document["rules"]] == SLUGS


def test_json_of_one_rule_holds_that_rule(capsys: Capture) -> None:
    assert main(["explain", SLUGS[0], "--json"]) == 0
    (rule,) = json.loads(capsys.readouterr().out)["rules"]
    assert rule["rule"] == SLUGS[0]


def test_a_paragraph_is_broken_once_for_the_terminal_that_is_there(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    main(["explain", "lr-too-high"])
    shown = capsys.readouterr().out
    assert (
        "\n  Sees\n"
        "    The update ratio ‖Δw‖/‖w‖ of the early steps, the peak\n"
        "    of the loss or the growth of the weights after them, and\n"
        "    where the loss has got to since; or units before a ReLU\n"
        "    that fired until such a step, and never again.\n\n"
    ) in shown
    assert (
        "    The edge of stability: a large step with a loss that\n"
        "      falls all the same is healthy.\n"
        "    init-too-large: there the loss is high before the first\n"
        "      update.\n"
    ) in shown
    assert (
        "  limits early_ratio: 0.15 of the weights (toy runs: healthy\n"
        "           0.06, too high 0.18-0.84)\n"
    ) in shown


def test_the_pages_of_rules_are_fresh(tmp_path: Path) -> None:
    assert main(["explain", "--markdown", str(tmp_path)]) == 0
    written = {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()}
    kept = {path.name: path.read_text(encoding="utf-8") for path in PAGES.iterdir()}
    assert written == kept, "renew them: lossmon explain --markdown docs/rules"
    assert set(written) == {"index.md", *(f"{slug}.md" for slug in SLUGS)}


def test_pages_that_cannot_be_written_are_one_line(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "file").touch()
    assert main(["explain", "--markdown", str(tmp_path / "file")]) == 2
    assert capsys.readouterr().err.startswith("lossmon: cannot write to ")
