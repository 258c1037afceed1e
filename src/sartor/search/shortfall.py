"""How near designs came to limits that none of them keeps."""

from collections.abc import Mapping, Sequence

import numpy as np

from sartor.search.protocol import Numbers, over
from sartor.units import Limit, show


def shortfall(limits: Sequence[Limit], numbers: Mapping[str, Numbers], tried: str) -> str:
    """Say which limit binds, how near designs came to it, and what to do.

    Args:
        limits: Those that no design keeps together.
        numbers: What is known of the designs, (n,) each; NaN, where it is not, misses every limit.
            Limits on other metrics are left out.
        tried: How many designs were looked at, and how: "1,000 tried".
    """
    known = [limit for limit in limits if limit.metric in numbers]
    for limit in known:
        if not np.isfinite(numbers[limit.metric]).any():
            return f"no design keeps {limit}: {limit.word} is no number for any of {tried}."
    misses = np.stack([over(limit, numbers[limit.metric]) for limit in known])
    least = misses.min(axis=1)
    if (least > 0).any():
        binding = int(np.argmax(least))
        limit = known[binding]
        value = show(limit.metric, numbers[limit.metric][np.argmin(misses[binding])])
        return (
            f"no design keeps {limit}: the nearest of {tried} has {value}. Loosen this limit or "
            "change the space."
        )
    nearest = int(np.argmin(misses.sum(axis=0)))
    together = " and ".join(str(limit) for limit in known)
    at_it = [(it.metric, numbers[it.metric][nearest]) for it in known]
    values = ", ".join(show(metric, value) for metric, value in at_it if np.isfinite(value))
    return (
        f"no design keeps {together} together, though each alone can be kept: the nearest of "
        f"{tried} has {values}. Loosen one of them."
    )
