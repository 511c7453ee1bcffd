"""The wheel as pip gets it: an editable install hides what is missing or too much in there."""

from __future__ import annotations

import configparser
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import lossmon

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The built wheel; needs no network."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel"]
    subprocess.run([*command, "--directory", str(folder)], cwd=ROOT, check=True, timeout=120)
    return zipfile.ZipFile(next(folder.glob("*.whl")))


def test_wheel_holds_both_packages_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    tops = {name.partition("/")[0] for name in wheel.namelist()}
    info = f"lossmon-{lossmon.__version__}.dist-info"
    assert tops == {"lossmon", "tensorboard_plugin_lossmon", info}


@pytest.mark.parametrize("package", ["lossmon", "tb_plugin/tensorboard_plugin_lossmon"])
def test_wheel_holds_every_file_of_a_package(wheel: zipfile.ZipFile, package: str) -> None:
    folder = ROOT / package
    kept = {
        path.relative_to(folder.parent).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert kept <= set(wheel.namelist())
    assert f"{folder.name}/py.typed" in kept


def test_wheel_holds_what_the_browser_runs(wheel: zipfile.ZipFile) -> None:
    assert ".js" in {Path(name).suffix for name in wheel.namelist() if "/static/" in name}


def test_wheel_names_its_entry_points(wheel: zipfile.ZipFile) -> None:
    parser = configparser.ConfigParser()
    name = next(name for name in wheel.namelist() if name.endswith("entry_points.txt"))
    parser.read_string(wheel.read(name).decode())
    assert dict(parser["console_scripts"]) == {"lossmon": "lossmon.cli:main"}
    assert dict(parser["tensorboard_plugins"]) == {
        "lossmon": "tensorboard_plugin_lossmon.loader:LossmonLoader"
    }


def test_wheel_tells_its_version_and_never_forces_torch(wheel: zipfile.ZipFile) -> None:
    name = next(name for name in wheel.namelist() if name.endswith("/METADATA"))
    metadata = wheel.read(name).decode()
    assert f"\nVersion: {lossmon.__version__}\n" in metadata
    required = [line for line in metadata.splitlines() if line.startswith("Requires-Dist:")]
    base = [line for line in required if "extra ==" not in line]
    assert sorted(line.split()[1].partition(">")[0] for line in base) == ["numpy", "textual"]
