"""Some rows of an array that is mapped from disk, read when they are needed."""

import mmap
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

FORGET = 2**28
"""Bytes mapped after which the pages of a file are given back: they count as resident, and a large
data set would fill the memory with what the system can read again at any time."""
AT_ONCE = 2**21
"""Bytes that a system may map for one row read at random: 64 rows of 150 kB took 100 MB."""


@dataclass(slots=True)
class Reading:
    """Bytes mapped since pages were last given back; shared by a view and its slices."""

    since: int = 0


@dataclass(slots=True, eq=False)
class Rows:
    """Rows of a mapped array: slices are views, lists of numbers are read."""

    source: npt.NDArray[Any]
    """(m, ...), a memory map."""
    rows: npt.NDArray[np.intp]
    """(n,), of the source, ascending."""
    _reading: Reading = field(default_factory=Reading, repr=False)

    @property
    def shape(self) -> tuple[int, ...]:
        """(n, ...)"""
        return (len(self.rows), *self.source.shape[1:])

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the elements."""
        return self.source.dtype

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: Any) -> Any:  # Any: what NumPy takes and gives
        chosen = self.rows[index]
        if isinstance(index, slice):
            return Rows(self.source, chosen, self._reading)
        return self._read(chosen)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> npt.NDArray[Any]:
        read = self._read(self.rows)
        return read if dtype is None else read.astype(dtype, copy=False)

    def _read(self, chosen: npt.NDArray[np.intp]) -> npt.NDArray[Any]:
        """Copy rows out of the map; give the pages of the file back when much has been read."""
        read: npt.NDArray[Any] = np.array(self.source[chosen], copy=None if chosen.ndim else True)
        if self.source.nbytes > FORGET and read.nbytes:
            self._forget(chosen)
        return read

    def _forget(self, chosen: npt.NDArray[np.intp]) -> None:
        row = self.source.nbytes // len(self.source)
        span = (int(np.max(chosen)) - int(np.min(chosen)) + 1) * row + AT_ONCE
        self._reading.since += min(span, np.size(chosen) * max(row, AT_ONCE))
        if self._reading.since > FORGET:
            self._reading.since = 0
            mapped = getattr(self.source, "_mmap", None)
            if mapped is not None and hasattr(mmap, "MADV_DONTNEED"):
                mapped.madvise(mmap.MADV_DONTNEED)
