from __future__ import annotations

from pathlib import Path

import pytest

from lossmon.cli.newfile import new_file
from lossmon.errors import LossmonError, UsageError


def write(path: Path, text: str, *, force: bool = False) -> None:
    with new_file(path, force=force) as stream:
        stream.write(text)


def write_and_fail(path: Path, error: BaseException, *, force: bool = False) -> None:
    with new_file(path, force=force) as stream:
        stream.write("new")
        raise error


def test_a_file_is_there_whole_with_the_usual_permissions(tmp_path: Path) -> None:
    usual = tmp_path / "usual"
    usual.touch()
    write(tmp_path / "a", "abc\n")
    assert (tmp_path / "a").read_text() == "abc\n"
    assert (tmp_path / "a").stat().st_mode == usual.stat().st_mode


def test_a_file_is_not_there_before_it_is_whole(tmp_path: Path) -> None:
    with new_file(tmp_path / "a", force=False) as stream:
        stream.write("abc")
        assert not (tmp_path / "a").exists()


@pytest.mark.parametrize("error", [OSError("disk"), ValueError("fault"), KeyboardInterrupt()])
def test_a_failure_leaves_nothing_behind(tmp_path: Path, error: BaseException) -> None:
    with pytest.raises((LossmonError, ValueError, KeyboardInterrupt)):
        write_and_fail(tmp_path / "a", error)
    assert list(tmp_path.iterdir()) == []


def test_a_failure_leaves_the_old_file(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("old")
    with pytest.raises(ValueError):
        write_and_fail(tmp_path / "a", ValueError(), force=True)
    assert [path.read_text() for path in tmp_path.iterdir()] == ["old"]


def test_a_file_that_exists_is_replaced_only_by_force(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("old")
    with pytest.raises(UsageError, match="exists; pass --force"):
        write(tmp_path / "a", "new")
    assert (tmp_path / "a").read_text() == "old"
    write(tmp_path / "a", "new", force=True)
    assert [path.read_text() for path in tmp_path.iterdir()] == ["new"]


def test_a_file_that_someone_else_made_meanwhile_is_kept(tmp_path: Path) -> None:
    opened = new_file(tmp_path / "a", force=False)
    opened.__enter__().write("mine")
    (tmp_path / "a").write_text("theirs")
    with pytest.raises(UsageError, match="exists"):
        opened.__exit__(None, None, None)
    assert [path.read_text() for path in tmp_path.iterdir()] == ["theirs"]


def test_what_a_link_leads_to_is_replaced_and_not_the_link(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("old")
    (tmp_path / "link").symlink_to("a")
    write(tmp_path / "link", "new", force=True)
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "a").read_text() == "new"


def test_a_folder_and_a_folder_that_is_not_there_are_one_line_each(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is a folder"):
        write(tmp_path, "", force=True)
    with pytest.raises(UsageError, match=r"cannot make .*: No such file or directory"):
        write(tmp_path / "no" / "a", "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_device_is_written_as_it_is() -> None:
    write(Path("/dev/null"), "abc")
    with pytest.raises(LossmonError, match="/dev/full cannot be written: No space left"):
        write(Path("/dev/full"), "abc")
