"""Stand-ins for the CUDA libraries that PyTorch's builds on PyPI are linked to.

    LD_LIBRARY_PATH=$(python benchmarks/cudaless.py SITE_PACKAGES FOLDER) python ...

Without those libraries, 2 to 5 GB of them, such a build does not even import, and old releases have
no CPU build there. A stand-in has every function that PyTorch asks its library for, and each of
them answers "no device": PyTorch then trains on the CPU by its own code, all of it. Only for trying
a version out. Needs Linux, a C compiler, and the `nm` and `readelf` of binutils.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

_NO_DEVICE = 100
"""cudaErrorNoDevice; to the other libraries an error too."""
_CUDA = re.compile(r"_{0,2}(cu|nccl|nvtx|nvshmem|nvrtc)\w+")
_LIBRARY = re.compile(r"lib(cu|nv|nccl)\w*\.so\.\d+")


def stand_ins(site_packages: Path, folder: Path) -> Path:
    """Make what the PyTorch in `site_packages` lacks in `folder`, and return that.

    Raises:
        OSError: There is no such PyTorch, compiler or tool.
        subprocess.CalledProcessError: The compiler refused.
    """
    ours = sorted((site_packages / "torch/lib").glob("lib*.so"))
    if not ours:
        raise FileNotFoundError(f"no PyTorch below {site_packages}")
    folder.mkdir(parents=True, exist_ok=True)
    asked = {symbol for library in ours for symbol in _asked(library)}
    versions = dict(pair for library in ours for pair in _versions(library))
    for name in {name for library in ours for name in _needed(library)}:
        if not (ours[0].parent / name).exists():
            version = versions.get(name, name)
            _make(folder, name, version, {of for of, named in asked if named in ("", version)})
    return folder


def _needed(library: Path) -> Iterator[str]:
    for line in _lines("readelf", "-d", library):
        found = re.search(r"\(NEEDED\).*\[(.*)\]", line)
        if found and _LIBRARY.fullmatch(found[1]):
            yield found[1]


def _versions(library: Path) -> Iterator[tuple[str, str]]:
    """Yield each library that has named versions, and the one that is asked for."""
    text = "\n".join(_lines("readelf", "-V", library))
    yield from re.findall(r"File: (\S+)  Cnt: 1\n.*?Name: (\S+)", text)


def _asked(library: Path) -> Iterator[tuple[str, str]]:
    """Yield CUDA's functions that a library calls, and the version it names or ""."""
    for line in _lines("nm", "-D", "--undefined-only", library):
        symbol, _, version = line.split()[-1].partition("@")
        if _CUDA.fullmatch(symbol):
            yield symbol, version.lstrip("@")


def _make(folder: Path, name: str, version: str, symbols: set[str]) -> None:
    source, script = folder / "standin.c", folder / "standin.map"
    source.write_text("".join(map(_function, sorted(symbols))))
    script.write_text(f"{version} {{ global: *; }};\n")
    linked = [f"-Wl,-soname,{name}", f"-Wl,--version-script={script}"]
    subprocess.run(
        ["cc", "-w", "-shared", "-fPIC", "-o", folder / name, source, *linked], check=True
    )


def _function(symbol: str) -> str:
    if "String" in symbol or symbol.endswith("Name"):
        return f'const char *{symbol}(void) {{ return "no CUDA here"; }}\n'
    return f"int {symbol}(void) {{ return {_NO_DEVICE}; }}\n"


def _lines(*command: str | Path) -> list[str]:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return [line for line in done.stdout.splitlines() if line.strip()]


if __name__ == "__main__":
    print(stand_ins(Path(sys.argv[1]), Path(sys.argv[2])))
