"""A fit that measures and evaluates little, for tests of how its stages follow one another.

Its family is `tiny`, which this module registers.
"""

import math
from collections.abc import Callable
from pathlib import Path

from sartor.cost.designs import surveyor
from sartor.jobs.fitting import candidates, finishing, proxy, searching, surveying, verifying
from tiny_family import tiny

FAMILY = tiny.__name__
BEGIN = f"""import sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
import hurried
hurried.hurry()
"""
"""Code that begins a hurried run in a process of its own."""


def hurry(change: Callable[[object, str, float], object] = setattr) -> None:
    """Shorten every stage, in this process, and keep a survey at whatever speed the machine is now.

    Args:
        change: Sets an attribute; that of a test's monkeypatch undoes it.
    """
    change(surveyor, "SECONDS_EACH", 0.03)
    change(surveying, "NETWORKS", 8)
    change(surveying, "FASTER", math.inf)
    change(searching, "PROMISING", 8)
    change(searching, "FEWEST", 8)
    change(proxy, "NORM_BATCHES", 1)
    change(candidates, "RANDOMS", 3)
    change(finishing, "ENTRANTS", 2)
    change(verifying, "LEAST_EACH", 0.1)
    change(verifying, "MOST_EACH", 0.1)
