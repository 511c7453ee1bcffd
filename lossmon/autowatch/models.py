"""From the leaves of a loss to the model that owns them: the outermost module, whole."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from torch import Tensor, nn

from lossmon.capture.compiling import is_compiled
from lossmon.capture.layers import Layer, layers_of, layers_of_model
from lossmon.capture.layout import Row, rows_of_model, rows_of_modules, rows_of_tensors
from lossmon.capture.sharding import GATHERED, model_name


@dataclass(frozen=True, slots=True)
class Found:
    """What a loss trains."""

    name: str
    rows: tuple[Row, ...]
    modules: tuple[nn.Module, ...]
    """The outermost modules; empty where only bare tensors are trained."""
    layers: tuple[Layer, ...] = ()


def find_model(leaves: Iterable[Tensor], known: Sequence[nn.Module]) -> Found | None:
    """Return the outermost of the `known` modules that own the `leaves`; None without any leaf.

    Outermost, so that parts which the loss does not reach are seen too. Lists and dicts of modules
    do not count as models: their entries do. Of models that share a part, those of which nothing
    but that part is reached are left out.
    """
    wanted = {id(leaf): leaf for leaf in leaves}
    if not wanted:
        return None
    owners = [m for m in known if any(id(p) in wanted for p in _own(m))]
    roots = _needed(_outermost(owners, known), set(wanted))
    if not roots:
        return Found("tensors", rows_of_tensors(wanted.values()), ())
    if len(roots) == 1:
        root = roots[0]
        return Found(model_name(root), rows_of_model(root), (root,), layers_of_model(root))
    named = _named_modules(roots)
    layers = () if any(map(is_compiled, roots)) else layers_of(named)
    name = "+".join(map(model_name, roots))
    return Found(name, rows_of_modules(named), tuple(roots), layers)


def scan_of(found: Found) -> Callable[[], tuple[Row, ...]] | None:
    """Return a function that returns what stands in the places of the rows by now.

    It returns none once a module is gone, and holds the modules weakly. None for bare tensors.
    """
    names = {row.name for row in found.rows}
    references = [weakref.ref(module) for module in found.modules]

    def scan() -> tuple[Row, ...]:
        roots = [root for reference in references if (root := reference()) is not None]
        if len(roots) < len(references):
            return ()
        rows = rows_of_model(*roots) if len(roots) == 1 else rows_of_modules(_named_modules(roots))
        return tuple(row for row in rows if row.name in names)

    return scan if references else None


def _named_modules(roots: Sequence[nn.Module]) -> list[tuple[str, nn.Module]]:
    """Return all modules of several models, their names led by the model's."""
    return [
        (f"{prefix}.{name}" if name else prefix, module)
        for prefix, root in zip(_distinct([model_name(root) for root in roots]), roots, strict=True)
        for name, module in root.named_modules()
    ]


def _own(module: nn.Module) -> Iterable[Tensor]:
    return (GATHERED.sharded(p) for p in module._parameters.values() if p is not None)


def _outermost(owners: Sequence[nn.Module], known: Sequence[nn.Module]) -> list[nn.Module]:
    parents: dict[int, list[nn.Module]] = {}
    for module in known:
        if not isinstance(module, nn.ModuleList | nn.ModuleDict):
            for child in _children(module):
                parents.setdefault(id(child), []).append(module)
    roots: dict[int, nn.Module] = {}
    queue, seen = list(owners), set[int]()
    while queue:
        module = queue.pop(0)
        if id(module) in seen:
            continue
        seen.add(id(module))
        above = parents.get(id(module), [])
        queue.extend(above)
        if not above:
            roots[id(module)] = module
    return list(roots.values())


def _needed(roots: list[nn.Module], wanted: set[int]) -> list[nn.Module]:
    """Return the roots that own more of what is wanted than any other root owns with them."""
    if len(roots) < 2:
        return roots
    owned = [wanted & {id(p) for module in root.modules() for p in _own(module)} for root in roots]
    return [root for root, own in zip(roots, owned, strict=True) if not any(own < x for x in owned)]


def _children(module: nn.Module) -> Iterable[nn.Module]:
    """Yield the children of `module`, looking through lists and dicts of modules."""
    for child in module._modules.values():
        if isinstance(child, nn.ModuleList | nn.ModuleDict):
            yield from _children(child)
        elif child is not None:
            yield child


def _distinct(names: Sequence[str]) -> list[str]:
    """Return the names with a number behind each one that occurs more than once."""
    return [
        n if names.count(n) == 1 else f"{n}{names[:i].count(n) + 1}" for i, n in enumerate(names)
    ]
