"""Which networks to measure on a new device."""

import numpy as np
import numpy.typing as npt

from sartor.cost.transfer.known import KnownDevices, Matrix
from sartor.cost.transfer.posterior import directions, size_of
from sartor.errors import OptionError

NOISE = 0.05
"""Noise of a measurement that the choice counts on, as a share of the latency."""
OWN = 0.5
"""Differences in the costs of features that no known device shows, in units of the spread."""


def choose(known: KnownDevices, rows: Matrix, count: int = 10) -> npt.NDArray[np.int64]:
    """Choose the networks whose measurement tells most about all others, one after another.

    Each choice lessens most the mean variance of the predictions, for a device drawn around the
    mean of the known ones.

    Args:
        known: What is known of other devices.
        rows: Coordinates of the networks that can be measured, (n, d + f), from `known.describe`.
        count: Networks to choose, 1 to n.

    Returns:
        Row numbers, (count,), the most telling first.

    Raises:
        OptionError: `count` is not between 1 and the number of networks.

    Source:
        Cohn 1996, Neural Networks 9: the integrated variance as criterion. Simplified: greedy.
    """
    if not 1 <= count <= len(rows):
        raise OptionError(f"count is {count}; allowed: 1 to the number of networks, {len(rows)}.")
    d = len(known.devices)
    between, alone = directions(known)
    covariance = between + OWN**2 * alone
    covariance[:d, :d] += 1 / d**2  # the speed of the device, of which nothing is known
    size = size_of(rows, d)
    noise = (NOISE * size) ** 2
    moments = (rows / size[:, None]).T @ (rows / size[:, None])
    reach = rows @ covariance  # (n, q)
    worth = reach @ moments  # (n, q)
    chosen: list[int] = []
    for _ in range(count):
        total = (reach * rows).sum(1) + noise
        gain = (worth * reach).sum(1) / total
        gain[chosen] = -np.inf
        best = int(gain.argmax())
        # What is left of the covariance once the network is measured, in both products.
        share = rows @ reach[best] / total[best]  # (n,)
        worth = worth - np.outer(share, worth[best])
        reach = reach - np.outer(share, reach[best])
        chosen.append(best)
    return np.array(chosen, dtype=np.int64)
