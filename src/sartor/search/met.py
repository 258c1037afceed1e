"""Which designs were met already."""

import numpy as np
import numpy.typing as npt

from sartor.space import Coding, Genes


class Met:
    """Designs that were met, told apart by their keys.

    Args:
        coding: Of their space.
    """

    def __init__(self, coding: Coding) -> None:
        self._coding = coding
        self._keys: set[int] = set()

    def __len__(self) -> int:
        return len(self._keys)

    def copy(self) -> "Met":
        """Return one that can meet more designs without this one knowing."""
        twin = Met(self._coding)
        twin._keys = set(self._keys)
        return twin

    def add(self, genes: Genes) -> None:
        """Meet designs, (n, choices)."""
        self._keys.update(self._coding.keys(genes).tolist())

    def knows(self, genes: Genes) -> npt.NDArray[np.bool_]:
        """Tell which designs were met, (n,)."""
        return np.array([key in self._keys for key in self._coding.keys(genes).tolist()], bool)

    def fresh(self, genes: Genes) -> Genes:
        """Return the designs that were not met before, once each, and meet them."""
        kept = []
        for row, key in enumerate(self._coding.keys(genes).tolist()):
            if key not in self._keys:
                self._keys.add(key)
                kept.append(row)
        return genes[kept]
