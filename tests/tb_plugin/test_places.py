"""Which folders TensorBoard's flags name, and which runs in them may be opened."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tensorboard_plugin_lossmon.places import Root, look, roots

Write = Callable[..., Path]


def test_logdir_names_one_folder(tmp_path: Path) -> None:
    assert roots(str(tmp_path), "") == ((Root(tmp_path.resolve()),), ())


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("/a", [("/a", "")]),
        ("x:/a,y:/b", [("/a", "x"), ("/b", "y")]),
        ("x:/a:b", [("/a:b", "x")]),
        ("/a:b", [("/a:b", "")]),
    ],
)
def test_logdir_spec_is_split_as_tensorboard_splits_it(
    spec: str, expected: list[tuple[str, str]]
) -> None:
    found, _ = roots("", spec)
    assert [(str(root.path), root.prefix) for root in found] == expected


def test_remote_folder_is_named_and_not_opened() -> None:
    found, notes = roots("", "x:gs://bucket/runs,/a")
    assert [str(root.path) for root in found] == ["/a"]
    assert "gs://bucket/runs" in notes[0]


def test_file_address_of_this_machine_is_its_path() -> None:
    found, notes = roots("", "file:///a%20b,x:file://localhost/c,file://elsewhere/d")
    assert [(str(root.path), root.prefix) for root in found] == [("/a b", ""), ("/c", "x")]
    assert "file://elsewhere/d" in notes[0]


def test_runs_carry_the_names_that_tensorboard_gives_their_files(write_run: Write) -> None:
    folder = write_run("a/b", [1.0])
    (place,) = look([Root(folder)]).places
    assert (place.name, place.hosts) == ("a/b", ("a/b/lossmon", "a/b"))


def test_run_in_the_logdir_itself_is_called_by_its_folder(write_run: Write) -> None:
    folder = write_run("a", [1.0]) / "a"
    (place,) = look([Root(folder)]).places
    assert (place.name, place.hosts) == ("a", ("lossmon", "."))


def test_named_folders_prefix_their_runs(write_run: Write) -> None:
    folder = write_run("a", [1.0])
    places = look([Root(folder, "x"), Root(folder / "a", "y"), Root(folder)]).places
    assert [place.name for place in places] == ["x/a", "y", "a"]
    assert places[1].hosts == ("y/lossmon", "y/.")


def test_two_runs_of_one_name_stay_apart(write_run: Write) -> None:
    folder = write_run("a", [1.0])
    places = look([Root(folder), Root(folder)]).places
    assert [place.name for place in places] == ["a", "a (2)"]


def test_folder_without_runs_says_what_to_do(tmp_path: Path) -> None:
    found = look([Root(tmp_path), Root(tmp_path / "none")])
    assert found.places == ()
    assert "no event files" in found.notes[0]
    assert "no such logdir" in found.notes[1]


@pytest.fixture
def outside(write_run: Write, tmp_path: Path) -> Path:
    """A run that lies beside the logdir `tmp_path / "runs"`, which holds the run `inside`."""
    write_run("inside", [1.0])
    write_run("../secret", [3.0])
    return tmp_path / "secret"


def test_link_to_a_run_out_of_the_logdir_is_not_followed(outside: Path, tmp_path: Path) -> None:
    (tmp_path / "runs" / "linked").symlink_to(outside)
    found = look([Root(tmp_path / "runs")])
    assert [place.name for place in found.places] == ["inside"]
    assert found.outside == ("linked",)


def test_link_to_a_folder_of_ours_out_of_the_logdir_is_not_followed(
    outside: Path, tmp_path: Path
) -> None:
    (tmp_path / "runs" / "b").mkdir()
    (tmp_path / "runs" / "b" / "lossmon").symlink_to(outside / "lossmon")
    found = look([Root(tmp_path / "runs")])
    assert [place.name for place in found.places] == ["inside"]
    assert found.outside == ("b/lossmon",)


def test_link_to_a_file_out_of_the_logdir_is_not_followed(outside: Path, tmp_path: Path) -> None:
    (tmp_path / "runs" / "b").mkdir()
    file = next((outside / "lossmon").glob("*tfevents*"))
    (tmp_path / "runs" / "b" / file.name).symlink_to(file)
    assert look([Root(tmp_path / "runs")]).outside == ("b",)


def test_link_inside_the_logdir_is_followed(outside: Path, tmp_path: Path) -> None:
    (tmp_path / "runs" / "alias").symlink_to(tmp_path / "runs" / "inside")
    found = look([Root(tmp_path / "runs")])
    assert found.outside == ()


def test_logdir_that_is_a_link_itself_is_opened(outside: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "runs")
    folders, _ = roots(str(tmp_path / "link"), "")
    assert [place.name for place in look(folders).places] == ["inside"]
