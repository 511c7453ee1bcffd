"""A column that only grows. A view of its first n rows stays as it is for good."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_CAPACITY = 8


class Column:
    """Rows of one type, one behind the other in memory."""

    def __init__(self, dtype: str, row: tuple[int, ...] = ()) -> None:
        self._data: NDArray[Any] = np.empty((0, *row), dtype)
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def append(self, rows: NDArray[Any]) -> None:
        """Add rows; what they take grows by halves."""
        size = self._size + len(rows)
        if size > len(self._data):
            capacity = max(_CAPACITY if self._size else 0, size, self._size + self._size // 2)
            grown = np.empty((capacity, *self._data.shape[1:]), self._data.dtype)
            grown[: self._size] = self._data[: self._size]
            self._data = grown
        self._data[self._size : size] = rows
        self._size = size

    def view(self) -> NDArray[Any]:
        """Return all rows, not to be written to."""
        view = self._data[: self._size]
        view.flags.writeable = False
        return view
