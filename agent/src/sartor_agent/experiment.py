"""Timing as an experiment: programs in turn, and a reference that shows the machine drift."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from sartor_agent.program import Array, Program

Call = Callable[[], object]
Clock = Callable[[], int]
"""Nanoseconds since some moment."""

BLOCK_NS = 2_000_000
"""Time for a block of calls: long against the clock's grain, short against a machine's moods."""
BLOCK_CALLS = (3, 60)
"""Calls of a block at least and at most."""
QUARTILE = 25
"""Percentile of its calls that stands for a block. On a shared machine the upper half of a block
holds other people's work."""
FEWEST_ROUNDS = 7
MOST_ROUNDS = 400
SMOOTH = 5
"""Rounds over which the reference is smoothed before it corrects for drift."""
RESAMPLES = 400
WIDEST = 0.05
"""Width of a 95 % interval, as a share of the value, above which a number is not trustworthy."""
LARGEST_DRIFT = 1.5
"""Ratio of the slowest to the fastest smoothed reference above which no number is trustworthy."""


@dataclass(frozen=True, slots=True)
class Timing:
    """What an experiment found for one program, in milliseconds per call."""

    median_ms: float
    """Median over rounds; a round is the lower quartile of a block of calls, corrected for the
    drift of the machine as the reference shows it."""
    low_ms: float
    """Lower end of the 95 % bootstrap interval of that median."""
    high_ms: float
    min_ms: float
    """Fastest call, not corrected; so are the two below."""
    p10_ms: float
    p90_ms: float
    calls: int
    rounds_ms: tuple[float, ...]
    """The corrected rounds, for paired ratios with programs timed in the same experiment."""
    reason: str = ""
    """Why the number is not trustworthy; empty if it is."""

    @property
    def trustworthy(self) -> bool:
        """The interval is narrow and the machine was steady."""
        return not self.reason

    @property
    def rounds(self) -> int:
        """Number of rounds."""
        return len(self.rounds_ms)


@dataclass(frozen=True, slots=True)
class Ratio:
    """How two programs compare, from rounds in which both were timed."""

    value: float
    """Median of (first / second) over rounds."""
    low: float
    high: float

    @property
    def equal(self) -> bool:
        """The interval contains 1: no difference was found."""
        return self.low <= 1 <= self.high


def time_in_turn(
    programs: Mapping[str, Program],
    *,
    seconds_each: float = 1.0,
    seed: int = 0,
    precise: float = 0.02,
    arrays: Mapping[str, Sequence[Array]] | None = None,
) -> dict[str, Timing]:
    """Time programs side by side on random inputs.

    Args:
        programs: By any name.
        seconds_each: Time for each of them, on average, at most.
        seed: Decides the order in each round and the inputs.
        precise: The experiment ends early when every 95 % interval is narrower than this share.
        arrays: What each reads; by default noise.

    Returns:
        One timing for each program.
    """
    rng = np.random.default_rng(seed)
    calls = {}
    for name, program in programs.items():
        given = None if arrays is None else arrays[name]
        calls[name] = program.prepare(*(given or [port.noise(rng) for port in program.inputs]))
    return time_calls(calls, seconds_each=seconds_each, seed=seed, precise=precise)


def time_calls(
    calls: Mapping[str, Call],
    *,
    seconds_each: float,
    seed: int = 0,
    precise: float = 0.02,
    reference: Call | None = None,
    clock: Clock = time.perf_counter_ns,
) -> dict[str, Timing]:
    """Time calls in turn; see `time_in_turn`.

    Args:
        calls: By any name.
        seconds_each: Time for each of them, on average, at most.
        seed: Decides the order in each round.
        precise: Share of the value at which intervals are narrow enough.
        reference: What is timed in every round to see the machine drift; by default products of
            two small matrices.
        clock: For tests.
    """
    if not calls:
        return {}
    experiment = _Experiment(dict(calls), reference or matrix_product(), clock)
    rng = np.random.default_rng(seed)
    end = clock() + int(seconds_each * len(calls) * 1e9)
    # NumPy's other threads would wait for the next product busily, beside the programs that are
    # timed: a reference on two threads made these 2 to 3 % slower, and asked for many more rounds.
    with threadpool_limits(1, user_api="blas"):
        experiment.warm_up()
        while experiment.rounds < MOST_ROUNDS:
            experiment.round(rng)
            if experiment.rounds < FEWEST_ROUNDS:
                continue
            if clock() >= end or (experiment.rounds % 4 == 0 and experiment.widest() < precise):
                break
    return experiment.result()


def ratio(one: Timing, other: Timing, seed: int = 0) -> Ratio:
    """Compare two programs that were timed in turn in one experiment."""
    paired = np.array(one.rounds_ms) / np.array(other.rounds_ms)
    low, high = interval(paired, seed)
    return Ratio(float(np.median(paired)), low, high)


def interval(values: npt.NDArray[np.float64], seed: int = 0) -> tuple[float, float]:
    """Return the 95 % bootstrap interval of the median of `values`, (n,)."""
    rng = np.random.default_rng(seed)
    drawn = rng.integers(len(values), size=(RESAMPLES, len(values)))
    medians = np.median(values[drawn], axis=1)
    low, high = np.quantile(medians, (0.025, 0.975))
    return float(low), float(high)


def matrix_product(size: int = 96) -> Call:
    """Return the product of two fixed matrices: a program that never changes."""
    one = np.random.default_rng(0).standard_normal((size, size)).astype(np.float32)
    out = np.empty_like(one)
    return lambda: np.matmul(one, one, out=out)


class _Experiment:
    """Rounds of blocks, and what they showed."""

    def __init__(self, calls: dict[str, Call], reference: Call, clock: Clock) -> None:
        self._calls = calls
        self._reference = reference
        self._clock = clock
        self._length: dict[str, int] = {}
        self._blocks: dict[str, list[npt.NDArray[np.float64]]] = {name: [] for name in calls}
        self._between: list[float] = []

    @property
    def rounds(self) -> int:
        return len(self._between)

    def warm_up(self) -> None:
        """Call each program until its time has settled, and decide the length of its blocks."""
        self._time_block(self._reference, 10)
        for name, call in self._calls.items():
            before = np.inf
            for _ in range(5):
                now = float(np.median(self._time_block(call, 5)))
                if now > 0.9 * before:
                    break
                before = now
            fewest, most = BLOCK_CALLS
            self._length[name] = int(np.clip(BLOCK_NS / 1e6 / max(now, 1e-6), fewest, most))

    def round(self, rng: np.random.Generator) -> None:
        """Time one block of each program, in random order, and the reference among them."""
        names = list(self._calls)
        order = rng.permutation(len(names) + 1)
        for place in order:
            if place == len(names):
                block = self._time_block(self._reference, 9)
                self._between.append(float(np.percentile(block, QUARTILE)))
            else:
                name = names[place]
                self._calls[name]()  # brings the program's weights back into the caches
                self._blocks[name].append(self._time_block(self._calls[name], self._length[name]))

    def widest(self) -> float:
        """Return the widest interval, as a share of its value."""
        widths = []
        for name in self._calls:
            values = self._corrected(name)
            low, high = interval(values)
            widths.append((high - low) / float(np.median(values)))
        return max(widths)

    def result(self) -> dict[str, Timing]:
        drift = self._drift()
        swing = float(drift.max() / drift.min())
        return {name: self._timing(name, swing) for name in self._calls}

    def _timing(self, name: str, swing: float) -> Timing:
        values = self._corrected(name)
        every = np.concatenate(self._blocks[name])
        low, high = interval(values)
        middle = float(np.median(values))
        return Timing(
            median_ms=middle,
            low_ms=low,
            high_ms=high,
            min_ms=float(every.min()),
            p10_ms=float(np.percentile(every, 10)),
            p90_ms=float(np.percentile(every, 90)),
            calls=len(every),
            rounds_ms=tuple(values.tolist()),
            reason=doubts(middle, low, high, swing),
        )

    def _corrected(self, name: str) -> npt.NDArray[np.float64]:
        blocks = [np.percentile(block, QUARTILE) for block in self._blocks[name]]
        return np.array(blocks) / self._drift()

    def _drift(self) -> npt.NDArray[np.float64]:
        """Return how slow the machine was in each round against its median, (rounds,)."""
        raw = np.array(self._between)
        half = SMOOTH // 2
        padded = np.pad(raw, half, mode="edge")
        smooth = np.median(np.lib.stride_tricks.sliding_window_view(padded, SMOOTH), axis=1)
        relative: npt.NDArray[np.float64] = smooth / np.median(smooth)
        return relative

    def _time_block(self, call: Call, count: int) -> npt.NDArray[np.float64]:
        """Return the milliseconds of `count` calls, (count,)."""
        clock = self._clock
        marks = np.empty(count + 1, np.int64)
        marks[0] = clock()
        for number in range(1, count + 1):
            call()
            marks[number] = clock()
        return np.diff(marks) / 1e6


def doubts(middle: float, low: float, high: float, swing: float) -> str:
    """Say why a number is not trustworthy, or return nothing."""
    width = (high - low) / middle
    if width > WIDEST:
        return f"the interval is {100 * width:.0f} % wide; the machine is too noisy"
    if swing > LARGEST_DRIFT:
        return f"the machine's speed changed {swing:.1f} times during the experiment"
    return ""


def pool(parts: Sequence[Timing]) -> Timing:
    """Join the timings of one program from several processes.

    The value is the median of all rounds. The interval also covers the median of every process:
    where a program's memory lies changes its speed, and only a new process draws that anew.
    """
    values = np.concatenate([np.array(part.rounds_ms) for part in parts])
    low, high = interval(values)
    medians = [part.median_ms for part in parts]
    low, high = min(low, *medians), max(high, *medians)
    middle = float(np.median(values))
    return Timing(
        median_ms=middle,
        low_ms=low,
        high_ms=high,
        min_ms=min(part.min_ms for part in parts),
        p10_ms=float(np.median([part.p10_ms for part in parts])),
        p90_ms=float(np.median([part.p90_ms for part in parts])),
        calls=sum(part.calls for part in parts),
        rounds_ms=tuple(values.tolist()),
        reason=doubts(middle, low, high, 1.0) or next((p.reason for p in parts if p.reason), ""),
    )
