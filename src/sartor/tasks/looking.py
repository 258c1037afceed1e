"""What is seen of images before they are decoded: their sizes and kinds."""

import contextlib
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from sartor.tasks.sources.protocol import Look, Source, Unreadable

WORKERS = 2


@dataclass(frozen=True, slots=True)
class Looks:
    """What is known of all readable items of a source."""

    shorter: float
    """Median of their shorter sides, in pixels; 0 without any."""
    grey: bool
    """Whether every one is grey."""
    remarks: Mapping[str, int]
    """What is special, and of how many."""

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        return {"shorter": self.shorter, "grey": self.grey, "remarks": dict(self.remarks)}

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> "Looks":
        """Read it back."""
        return cls(float(record["shorter"]), bool(record["grey"]), dict(record["remarks"]))


@contextlib.contextmanager
def quiet_pillow() -> Iterator[None]:
    """Keep Pillow from warning of odd metadata in photographs; the pixels are what counts here."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"PIL\.")
        yield


def look_at_all(source: Source) -> Looks:
    """Look at all items; unreadable ones are passed over."""

    def one(index: int) -> Look | None:
        try:
            return source.look(index)
        except Unreadable:
            return None

    total = len(source.labels)
    with quiet_pillow(), ThreadPoolExecutor(WORKERS) as pool:
        blocks = [range(start, min(start + 256, total)) for start in range(0, total, 256)]
        found = pool.map(lambda block: [one(index) for index in block], blocks)
        looks = [look for block in found for look in block if look is not None]
    return Looks(
        shorter=float(np.median([look.shorter for look in looks])) if looks else 0.0,
        grey=all(look.grey for look in looks),
        remarks=Counter(remark for look in looks for remark in look.remarks),
    )
