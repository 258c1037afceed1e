"""Timing as an experiment: programs in turn, each between two blocks of a reference."""

import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from sartor_agent.program import Array, Program
from sartor_agent.timings import Timing, doubts, interval

Call = Callable[[], object]
Key = TypeVar("Key", bound=Hashable)
Block = npt.NDArray[np.float64]
"""Milliseconds of calls one after another, (calls,)."""
Clock = Callable[[], int]
"""Nanoseconds since some moment."""
CLOCKS: Mapping[str, Clock] = {"wall": time.perf_counter_ns, "processor": time.process_time_ns}
"""`processor`: what a call of one thread waits for others to use the core is no cost of it."""

BLOCK_NS = 2_000_000
"""Time for a block of calls: long against the clock's grain, short against a machine's moods."""
BLOCK_CALLS = (1, 60)
"""Calls of a block at least and at most; what takes long is compared call by call with the
reference, since the machine may change its speed meanwhile."""
WARM_NS = 5_000_000
"""Time for calls before a block that are not counted. After another program, and after the
reference too, the caches and what foretells branches have to learn a program again: its calls in
the first half of a millisecond took 16 to 22 % longer than what they settled to after 3 to 4 ms
(docs/benchmarks.md, settling)."""
MOST_WARM = 1000
"""Calls before a block at most, whatever a coarse clock says of one."""
QUARTILE = 25
"""Percentile of its calls that stands for a block by the wall clock. On a shared machine the upper
half of a block holds other people's work."""
FEWEST_ROUNDS = 7
MOST_ROUNDS = 400
AROUND = 6
"""Calls of the reference before each block and after it."""
SMOOTH = 5
"""Rounds over which the reference is smoothed before it tells whether the machine was steady."""
QUIET = 10
"""Percentile of all times of the reference that times are corrected to. A core that is shared has
two speeds, and changes between them many times in a second: the fast one is its own."""
FOLLOWED = 0.1
"""How strongly programs are expected to slow as the reference does, until they show how they do:
as many squared logarithms of its slowness."""


def time_in_turn(
    programs: Mapping[Key, Program],
    *,
    seconds_each: float = 1.0,
    seed: int = 0,
    precise: float = 0.02,
    arrays: Mapping[Key, Sequence[Array]] | None = None,
    clock: str = "wall",
) -> dict[Key, Timing]:
    """Time programs side by side on random inputs.

    Args:
        programs: By any name.
        seconds_each: Time for each of them, on average, at most.
        seed: Decides the order in each round and the inputs.
        precise: The experiment ends early when every 95 % interval is narrower than this share.
        arrays: What each reads; by default noise.
        clock: One of `CLOCKS`. Reading that of the processor takes a system call, which is timed
            as well and taken off.

    Returns:
        One timing for each program.
    """
    rng = np.random.default_rng(seed)
    calls: dict[Key | None, Call] = {}
    for name, program in programs.items():
        given = None if arrays is None else arrays[name]
        calls[name] = program.prepare(*(given or [port.noise(rng) for port in program.inputs]))
    if calls and clock == "processor":
        calls[None] = lambda: None
    # The clock of the processor counts no one else's work. What is left in the mean of a block is
    # the other speed of a shared core, which a single long call has in it as well.
    found = time_calls(
        calls,
        seconds_each=seconds_each,
        seed=seed,
        precise=precise,
        clock=CLOCKS[clock],
        typical=_mean if clock == "processor" else _lower_quartile,
    )
    nothing = found.pop(None).median_ms if None in found else 0.0
    return {name: timing.less(nothing) for name, timing in found.items() if name is not None}


def _lower_quartile(block: Block) -> float:
    return float(np.percentile(block, QUARTILE))


def _mean(block: Block) -> float:
    return float(block.mean())


def time_calls(
    calls: Mapping[Key, Call],
    *,
    seconds_each: float,
    seed: int = 0,
    precise: float = 0.02,
    reference: Call | None = None,
    clock: Clock = time.perf_counter_ns,
    typical: Callable[[Block], float] = _lower_quartile,
) -> dict[Key, Timing]:
    """Time calls in turn; see `time_in_turn`.

    Args:
        calls: By any name.
        seconds_each: Time for each of them, on average, at most.
        seed: Decides the order in each round.
        precise: Share of the value at which intervals are narrow enough.
        reference: What is timed around every block to see how fast the machine is just then; by
            default products of two small matrices.
        clock: For tests.
        typical: What stands for a block of calls.
    """
    if not calls:
        return {}
    experiment = _Experiment(dict(calls), reference or matrix_product(), clock, typical)
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


def matrix_product(size: int = 96) -> Call:
    """Return the product of two fixed matrices: a program that never changes."""
    one = np.random.default_rng(0).standard_normal((size, size)).astype(np.float32)
    out = np.empty_like(one)
    return lambda: np.matmul(one, one, out=out)


def _power(times: npt.NDArray[np.float64], slowness: npt.NDArray[np.float64]) -> float:
    """Return the power of the reference's slowness that programs follow, 0 to 1.

    What waits for memory is not slowed by who shares the units that compute: on a core that others
    used as well, it was 0.5 to 0.9. One power for all, since a program alone tells too little.

    Args:
        times: Of blocks, (programs, rounds).
        slowness: Logarithms of it around them, (programs, rounds).
    """
    x, y = (it - it.mean(1, keepdims=True) for it in (slowness, np.log(times)))
    power = ((x * y).sum() + FOLLOWED) / ((x * x).sum() + FOLLOWED)
    return float(np.clip(power, 0, 1))


class _Experiment(Generic[Key]):
    """Rounds of blocks, and what they showed."""

    def __init__(
        self,
        calls: dict[Key, Call],
        reference: Call,
        clock: Clock,
        typical: Callable[[Block], float],
    ) -> None:
        self._calls = calls
        self._reference = reference
        self._clock = clock
        self._typical = typical
        self._length: dict[Key, int] = {}
        self._warm: dict[Key, int] = {}
        self._blocks: dict[Key, list[Block]] = {name: [] for name in calls}
        self._around: dict[Key, list[tuple[float, float]]] = {name: [] for name in calls}
        self.rounds = 0

    def warm_up(self) -> None:
        """Call each program until its time has settled; decide how often it is called in a block
        and before it.
        """
        self._time_block(self._reference, 10)
        for name, call in self._calls.items():
            before = np.inf
            for _ in range(5):
                now = float(np.median(self._time_block(call, 5)))
                if now > 0.9 * before:
                    break
                before = now
            fewest, most = BLOCK_CALLS
            self._length[name] = int(np.clip(BLOCK_NS / 1e6 / now, fewest, most))
            self._warm[name] = int(np.clip(np.ceil(WARM_NS / 1e6 / now), 1, MOST_WARM))

    def round(self, rng: np.random.Generator) -> None:
        """Time one block of each program, in random order, each between two of the reference."""
        names = list(self._calls)
        for place in rng.permutation(len(names)):
            name = names[place]
            call, warm = self._calls[name], self._warm[name]
            # The reference is near what is timed. Long calls do not mind what is between theirs.
            if warm == 1:
                call()
            before = self._time_reference()
            if warm > 1:
                for _ in range(warm):
                    call()
            self._blocks[name].append(self._time_block(call, self._length[name]))
            self._around[name].append((before, self._time_reference()))
        self.rounds += 1

    def widest(self) -> float:
        """Return the widest interval, as a share of its value."""
        widths = []
        for values in self._corrected().values():
            low, high = interval(values)
            widths.append((high - low) / float(np.median(values)))
        return max(widths)

    def result(self) -> dict[Key, Timing]:
        swing = self._swing()
        return {it: self._timing(it, values, swing) for it, values in self._corrected().items()}

    def _timing(self, name: Key, values: npt.NDArray[np.float64], swing: float) -> Timing:
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

    def _corrected(self) -> dict[Key, npt.NDArray[np.float64]]:
        """Return what each block took at the quiet speed of the machine, (rounds,) by name."""
        times = np.array([[self._typical(it) for it in them] for them in self._blocks.values()])
        around = np.array([*self._around.values()])  # (programs, rounds, 2)
        slowness = np.log(around).mean(2) - np.log(np.percentile(around, QUIET))
        corrected = times * np.exp(-_power(times, slowness) * slowness)
        return dict(zip(self._blocks, corrected, strict=True))

    def _swing(self) -> float:
        """Return the ratio of the slowest to the fastest time of the reference, smoothed."""
        raw = np.median([*self._around.values()], axis=(0, 2))  # (rounds,)
        padded = np.pad(raw, SMOOTH // 2, mode="edge")
        smooth = np.median(np.lib.stride_tricks.sliding_window_view(padded, SMOOTH), axis=1)
        return float(smooth.max() / smooth.min())

    def _time_reference(self) -> float:
        return _lower_quartile(self._time_block(self._reference, AROUND))

    def _time_block(self, call: Call, count: int) -> Block:
        """Return the milliseconds of `count` calls, (count,)."""
        clock = self._clock
        marks = np.empty(count + 1, np.int64)
        marks[0] = clock()
        for number in range(1, count + 1):
            call()
            marks[number] = clock()
        return np.maximum(np.diff(marks), 1) / 1e6  # a coarse clock may not see a call at all
