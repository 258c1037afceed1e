"""Who has the device: one client at a time."""

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from sartor_agent.server.refusals import GONE, LENT, Refusal


@dataclass(slots=True)
class Lease:
    """The device, lent to a client."""

    id: str
    holder: str
    until: float
    """Seconds of the clock."""


class Leases:
    """The lease of a device. Safe from any thread.

    A client that is silent for too long keeps the device until another one wants it: a cut
    connection costs nothing where nobody waits.

    Args:
        seconds: Of silence until another client may have the device.
        lost: Called with the lease that ended, and why.
        clock: Seconds.
    """

    def __init__(
        self,
        seconds: float,
        lost: Callable[[str, str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._seconds = seconds
        self._lost = lost
        self._clock = clock
        self._lock = threading.Lock()
        self._lease: Lease | None = None

    def take(self, lease: str, holder: str) -> float:
        """Lend the device, or lend it for longer; return for how many seconds.

        Raises:
            Refusal: Another client has it; its facts say who, and for how long at least.
        """
        with self._lock:
            now, held = self._clock(), self._lease
            if held is not None and held.id != lease:
                if now < held.until:
                    left = math.ceil(held.until - now)
                    raise Refusal(
                        LENT,
                        f"the device is lent to {held.holder} for {left} s at least; wait, or "
                        "use another.",
                        holder=held.holder,
                        seconds_left=left,
                    )
                self._lost(held.id, f"the device was lent to {holder} after {held.holder} fell "
                                    f"silent for {self._seconds:g} s")  # fmt: skip
            self._lease = Lease(lease, holder, now + self._seconds)
        return self._seconds

    def check(self, lease: str) -> None:
        """Lend the device for longer to who has it.

        Raises:
            Refusal: The lease is not held.
        """
        with self._lock:
            if self._lease is None or self._lease.id != lease:
                raise Refusal(GONE, "the lease is not held any more; take the device anew.")
            self._lease.until = self._clock() + self._seconds

    def give_back(self, lease: str) -> None:
        """End a lease; nothing happens if it has ended."""
        with self._lock:
            if self._lease is not None and self._lease.id == lease:
                self._lease = None
                self._lost(lease, "its lease was given back")
