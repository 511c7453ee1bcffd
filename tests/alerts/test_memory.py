from __future__ import annotations

from pathlib import Path

import pytest

from lossmon.alerts.alert import Alert
from lossmon.alerts.memory import Memory, state_folder, waiting

KNOWN = {"looked": 5.0, "runs": {"a": {"life": "live", "findings": {"x": ["error", None]}}}}


def test_what_is_known_and_what_waits_comes_back(tmp_path: Path, alert: Alert) -> None:
    memory = Memory(tmp_path / "new", "runs", "webhook https://secret")
    assert memory.read() == {}
    assert memory.write(KNOWN, {"webhook": [alert]}) == ""
    kept = Memory(tmp_path / "new", "runs", "webhook https://secret").read()
    assert kept["runs"] == KNOWN["runs"]
    (again,) = waiting(kept, "webhook")
    assert again.title == alert.title
    assert waiting(kept, "mail") == []
    assert Memory(tmp_path / "new", "runs", "webhook https://other").read() == {}


def test_no_secret_is_in_the_file_or_in_its_name(tmp_path: Path) -> None:
    Memory(tmp_path, "runs", "webhook https://secret").write(KNOWN, {})
    (file,) = tmp_path.iterdir()
    assert "secret" not in file.name + file.read_text()


def test_nothing_is_written_where_only_time_has_passed(tmp_path: Path) -> None:
    memory = Memory(tmp_path, "runs")
    memory.write(KNOWN, {})
    (file,) = tmp_path.iterdir()
    file.unlink()
    memory.write({**KNOWN, "looked": 6.0}, {})
    assert not file.exists()
    memory.write({**KNOWN, "looked": 6.0}, {}, always=True)
    assert memory.read()["looked"] == 6.0


def test_a_place_that_cannot_be_written_to_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert Memory(tmp_path / "file" / "below", "runs").write(KNOWN, {}) == "Not a directory"


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"schema": 2}', '{"schema": 1, "runs": [], "waiting": {}}',
     '{"schema": 1, "runs": {"a": {}}, "waiting": {}}',
     '{"schema": 1, "runs": {}, "waiting": {"mail": [{"kind": "dead"}]}}'],
)  # fmt: skip
def test_what_is_no_memory_is_forgotten(tmp_path: Path, text: str) -> None:
    memory = Memory(tmp_path, "runs")
    memory.write(KNOWN, {})
    next(tmp_path.iterdir()).write_text(text)
    assert memory.read() == {}


def test_the_folder_is_that_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    usual = Path("/home/me/.local/state/lossmon/alerts")
    assert state_folder({}) == state_folder({"XDG_STATE_HOME": "relative"}) == usual
    assert state_folder({"XDG_STATE_HOME": "/var/me"}) == Path("/var/me/lossmon/alerts")
