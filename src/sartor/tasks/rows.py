"""Some rows of an array that is mapped from disk, read when they are needed."""

import mmap
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

FORGET = 2**28
"""Bytes read after which the pages of a mapped file are given back: they count as resident, and a
large data set would fill the memory with what the system can read again at any time."""


@dataclass(slots=True)
class Rows:
    """Rows of a mapped array: slices are views, lists of numbers are read."""

    source: npt.NDArray[np.uint8]
    """(m, r, r, c), a memory map."""
    rows: npt.NDArray[np.intp]
    """(n,), of the source, ascending."""
    _read: int = field(default=0, repr=False)

    @property
    def shape(self) -> tuple[int, ...]:
        """(n, r, r, c)"""
        return (len(self.rows), *self.source.shape[1:])

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: Any) -> Any:  # Any: what NumPy takes and gives
        chosen = self.rows[index]
        if isinstance(index, slice):
            return Rows(self.source, chosen)
        self._count(np.size(chosen))
        return np.array(self.source[chosen])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> npt.NDArray[Any]:  # noqa: ARG002
        self._count(len(self.rows))
        return np.array(self.source[self.rows], dtype=dtype)

    def _count(self, images: int) -> None:
        """Give the pages of the file back when much has been read."""
        self._read += images * int(np.prod(self.source.shape[1:]))
        if self._read > FORGET:
            self._read = 0
            mapped = getattr(self.source, "_mmap", None)
            if mapped is not None and hasattr(mmap, "MADV_DONTNEED"):
                mapped.madvise(mmap.MADV_DONTNEED)
