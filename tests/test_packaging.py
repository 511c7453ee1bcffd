"""The wheel as pip gets it: an editable install hides what is missing or too much in there."""

from __future__ import annotations

import configparser
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

import lossmon

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the built wheel and sdist; needs no network."""
    folder = tmp_path_factory.mktemp("built")
    command = [sys.executable, "-m", "hatchling", "build", "--directory", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, timeout=120)
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> zipfile.ZipFile:
    return zipfile.ZipFile(next(built.glob("*.whl")))


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


def test_wheel_holds_the_licence_and_names_it(wheel: zipfile.ZipFile) -> None:
    info = f"lossmon-{lossmon.__version__}.dist-info"
    assert b"Apache License" in wheel.read(f"{info}/licenses/LICENSE")
    metadata = wheel.read(f"{info}/METADATA").decode()
    assert "\nLicense-Expression: Apache-2.0\n" in metadata
    assert "\nAuthor: lossmon contributors\n" in metadata


def test_sdist_holds_what_builds_and_tests_it_and_nothing_made(built: Path) -> None:
    with tarfile.open(next(built.glob("*.tar.gz"))) as sdist:
        names = {name.partition("/")[2] for name in sdist.getnames()}
    files = ("LICENSE", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "Makefile", ".ci/run")
    assert {*files, "constraints.txt", "tests/conftest.py", "docs/index.md"} <= names
    assert {"benchmarks/packages.py", "demos/gpt.py", "lossmon/py.typed"} <= names
    assert not [name for name in names if "__pycache__" in name or name.startswith("runs/")]
