"""The joules of one call: windows of many calls, against windows in which nothing runs."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import numpy.typing as npt

from sartor_agent.energy.known import chain
from sartor_agent.energy.provider import NotAvailable, Processor, Provider, Reading
from sartor_agent.errors import MeasurementError, OptionError
from sartor_agent.experiment import Call
from sartor_agent.timings import RESAMPLES, doubts, interval

GRAINS = 20
"""Updates of what is read in each window, at least: one that is missed at an end is 5 %."""
FASTER = 100
"""By which the number of calls grows at most from one try to the next."""
Vector = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Windows:
    """How energy is measured."""

    seconds: float = 0.5
    """Length of a window, at least; it is longer where the provider is updated too seldom."""
    count: int = 7
    """Windows with calls."""
    idle: int = 5
    """Windows without, before those."""
    processor: Processor = "cpu"
    """What executes the calls: providers that do not see it are passed over."""

    def __post_init__(self) -> None:
        if not 0 <= self.seconds < math.inf:
            raise OptionError(f"seconds of a window is {self.seconds}; allowed: 0 or more.")
        for name in ("count", "idle"):
            if getattr(self, name) < 2:
                raise OptionError(
                    f"{name} of the windows is {getattr(self, name)}; allowed: 2 or more, since "
                    "one alone has no interval."
                )


@dataclass(frozen=True, slots=True)
class PerCall:
    """Joules of one call."""

    joules: float
    """Median over windows."""
    low: float
    """Lower end of the 95 % bootstrap interval of that median."""
    high: float
    windows: tuple[float, ...]
    """What each found."""


@dataclass(frozen=True, slots=True)
class Energy:
    """What a provider found for one program."""

    gross: PerCall
    """All that the device took during a call."""
    above_idle: PerCall
    """Without what it takes when the program rests."""
    idle_watts: float
    """Median over windows in which nothing was called."""
    calls: int
    seconds: float
    """Of all calls."""
    provider: str
    covers: tuple[str, ...]
    """Parts of the device that are in the sum, as the device calls them."""
    measured: bool = True
    """False: estimated."""
    reason: str = ""
    """Why the number is not trustworthy; empty if it is."""

    @property
    def trustworthy(self) -> bool:
        """The interval above idle is narrow."""
        return not self.reason


def measure(
    call: Call,
    calls: int = 1,
    providers: Sequence[Provider] | None = None,
    how: Windows | None = None,
) -> Energy | NotAvailable:
    """Measure the energy of a call with the first provider that can be read.

    First the idle power is measured, then windows of calls. Whatever else runs on the device
    meanwhile is in the sum: providers see the device, not the program.

    Args:
        call: What a program does once.
        calls: In each window, at least.
        providers: In the order in which they are asked; by default all of this device.
        how: Windows.

    Returns:
        The energy of a call; or why no provider tells it, which is no energy of zero.

    Raises:
        MeasurementError: A provider failed in the middle of a window.
        OptionError: `calls` is below 1.
    """
    if calls < 1:
        raise OptionError(f"calls is {calls}; allowed: 1 or more.")
    how = how or Windows()
    reasons = []
    for provider in chain() if providers is None else providers:
        found = _asked(provider, call, calls, how)
        if isinstance(found, Energy):
            return found
        reasons.append((provider.name, found))
    return NotAvailable(tuple(reasons))


def pool(parts: Sequence[Energy]) -> Energy:
    """Join what several processes found for one program.

    The value is the median of all windows. The interval also covers the median of every process.

    Raises:
        MeasurementError: They read different providers.
    """
    if len({(part.provider, part.covers) for part in parts}) != 1:
        raise MeasurementError(
            "the energy was read in different ways in different processes: "
            f"{', '.join(f'{it.provider} of {it.covers}' for it in parts)}. Measure again."
        )
    above = _pooled([part.above_idle for part in parts])
    return replace(
        parts[0],
        gross=_pooled([part.gross for part in parts]),
        above_idle=above,
        idle_watts=float(np.median([part.idle_watts for part in parts])),
        calls=sum(part.calls for part in parts),
        seconds=sum(part.seconds for part in parts),
        reason=_doubt(above),
    )


def _asked(provider: Provider, call: Call, calls: int, how: Windows) -> Energy | str:
    """Measure with one provider, or return its reason not to."""
    if how.processor not in provider.processors:
        seen = " or ".join(provider.processors)
        return f"it sees the {seen}, and the program runs on the {how.processor}."
    if reason := provider.available():
        return reason
    length = max(how.seconds, GRAINS * provider.update_s)
    idle = [_window(provider, partial(time.sleep, length), 1) for _ in range(how.idle)]
    number = _calls_that_last(call, calls, length)
    busy = [_window(provider, call, number) for _ in range(how.count)]
    still = sum(it.joules <= 0 for it in busy)
    if still:
        return (
            f"what it reads ({', '.join(busy[0].covers)}) did not move in {still} of {len(busy)} "
            f"windows of {busy[0].seconds:.2g} s; virtual machines often show counters that rest."
        )
    return _compared(busy, idle, number)


def _window(provider: Provider, call: Call, calls: int) -> Reading:
    provider.start()
    try:
        for _ in range(calls):
            call()
    finally:
        reading = provider.stop()
    return reading


def _calls_that_last(
    call: Call, fewest: int, seconds: float, clock: Callable[[], float] = time.perf_counter
) -> int:
    """Return how many calls take `seconds`. Trying them also warms the program up."""
    count = fewest
    while True:
        start = clock()
        for _ in range(count):
            call()
        took = clock() - start
        if took >= seconds:
            return count
        # A tenth more than needed, since the calls become faster while they warm up.
        wanted = 1.1 * count * seconds / max(took, 1e-9)
        count = min(math.ceil(wanted), FASTER * count)


def _compared(busy: Sequence[Reading], idle: Sequence[Reading], calls: int) -> Energy:
    """Return the energy of a call, gross and above idle."""
    gross = np.array([it.joules for it in busy]) / calls  # (w,)
    seconds = np.array([it.seconds for it in busy]) / calls  # (w,)
    watts = np.array([it.joules / it.seconds for it in idle])  # (i,)
    rest = float(np.median(watts))
    above = gross - rest * seconds
    over = _per_call(above, *_interval_above(gross, seconds, watts))
    return Energy(
        gross=_per_call(gross, *interval(gross)),
        above_idle=over,
        idle_watts=rest,
        calls=calls * len(busy),
        seconds=sum(it.seconds for it in busy),
        provider=busy[0].provider,
        covers=busy[0].covers,
        measured=all(it.measured for it in busy),
        reason=_doubt(over),
    )


def _interval_above(gross: Vector, seconds: Vector, watts: Vector) -> tuple[float, float]:
    """Return the 95 % interval of the median above idle: of windows, (w,), and idle ones, (i,)."""
    rng = np.random.default_rng(0)
    drawn = rng.integers(len(gross), size=(RESAMPLES, len(gross)))
    rests = np.median(watts[rng.integers(len(watts), size=(RESAMPLES, len(watts)))], axis=1)
    medians = np.median(gross[drawn] - rests[:, None] * seconds[drawn], axis=1)  # (resamples,)
    low, high = np.quantile(medians, (0.025, 0.975))
    return float(low), float(high)


def _pooled(parts: Sequence[PerCall]) -> PerCall:
    if len(parts) == 1:
        return parts[0]  # its interval also knows the idle windows
    values = np.concatenate([np.array(part.windows) for part in parts])
    low, high = interval(values)
    medians = [part.joules for part in parts]
    return _per_call(values, min(low, *medians), max(high, *medians))


def _per_call(values: Vector, low: float, high: float) -> PerCall:
    return PerCall(float(np.median(values)), low, high, tuple(values.tolist()))


def _doubt(above: PerCall) -> str:
    """Say why a number is not trustworthy, or return nothing."""
    if above.low <= 0:
        return "the call takes no more than the machine at rest, as far as can be told"
    return doubts(above.joules, above.low, above.high, 1.0)
