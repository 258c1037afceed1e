"""Networks as counts of the different kernels that they execute."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sartor.cost.kernels.features import coordinates, quantities
from sartor.cost.kernels.kernel import Kernel

Vector = npt.NDArray[np.float64]
Matrix = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]
Group = tuple[str, str, str, str]
"""Runtime, kind, precision, form."""


@dataclass(frozen=True, slots=True)
class Table:
    """The different kernels of some networks."""

    kernels: tuple[Kernel, ...]
    counts: Matrix
    """How often each network executes each kernel, (n, k)."""
    quantities: Matrix
    """(k, q)"""
    coordinates: Matrix
    """(k, d)"""
    details: npt.NDArray[np.str_]
    """(k,)"""
    groups: dict[Group, Places]
    """Places of the kernels of each group."""

    @classmethod
    def of(cls, networks: Sequence[Sequence[Kernel]]) -> "Table":
        """Count the kernels of networks."""
        counted = [Counter(it) for it in networks]
        places: dict[Kernel, int] = {}
        for it in counted:
            for kernel in it:
                places.setdefault(kernel, len(places))
        counts = np.zeros((len(counted), len(places)))
        for row, it in enumerate(counted):
            for kernel, number in it.items():
                counts[row, places[kernel]] = number
        members: dict[Group, list[int]] = {}
        for kernel, place in places.items():
            members.setdefault(kernel.group, []).append(place)
        kernels = tuple(places)
        return cls(
            kernels,
            counts,
            np.array([quantities(it) for it in kernels]),
            np.array([coordinates(it) for it in kernels]),
            np.array([it.detail for it in kernels]),
            {group: np.array(it) for group, it in members.items()},
        )
