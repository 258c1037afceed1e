"""Timing as an experiment, on machines that a clock makes up."""

import itertools
import time
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from threadpoolctl import threadpool_info, threadpool_limits

from sartor_agent import experiment
from sartor_agent.experiment import time_calls, time_in_turn
from sartor_agent.program import Array, Port, Step
from sartor_agent.timings import Timing, pool, ratio
from sartor_agent.worker import loading_order


class Machine:
    """A clock that advances by what its calls take, times the machine's mood."""

    def __init__(self, mood: Callable[[float, np.random.Generator], float], seed: int = 0) -> None:
        self.now = 0.0
        self._mood = mood
        self._rng = np.random.default_rng(seed)

    def clock(self) -> int:
        return int(self.now * 1e9)

    def call(self, milliseconds: float, power: float = 1.0) -> Callable[[], None]:
        def run() -> None:
            self.now += milliseconds / 1e3 * self._mood(self.now, self._rng) ** power

        return run

    def time(self, programs: dict[str, float], seconds: float = 0.5) -> dict[str, Timing]:
        calls = {name: self.call(length) for name, length in programs.items()}
        return time_calls(
            calls, seconds_each=seconds, reference=self.call(0.05), clock=self.clock, precise=0.0
        )


def quiet(_: float, rng: np.random.Generator) -> float:
    return 1 + 0.01 * abs(rng.standard_normal())


def spiky(_: float, rng: np.random.Generator) -> float:
    return 1 + 0.02 * rng.random() + (5 * rng.random() if rng.random() < 0.2 else 0)


def drifting(now: float, rng: np.random.Generator) -> float:
    return (1.3 if now > 0.5 else 1.0) * (1 + 0.01 * rng.random())


@given(st.sampled_from([quiet, spiky, drifting]), st.floats(0.05, 3.0), st.integers(0, 20))
@settings(max_examples=25, deadline=None)
def test_a_ratio_is_true_on_any_machine(
    mood: Callable[[float, np.random.Generator], float], times: float, seed: int
) -> None:
    found = Machine(mood, seed).time({"a": 0.2, "b": 0.2 * times})
    assert ratio(found["b"], found["a"]).value == pytest.approx(times, rel=0.04)


def test_a_program_is_equal_to_itself() -> None:
    found = Machine(spiky).time({"a": 0.2, "again": 0.2})
    assert ratio(found["a"], found["again"]).equal


def test_other_work_on_the_machine_does_not_move_the_number() -> None:
    calm = Machine(quiet).time({"a": 0.2})["a"].median_ms
    busy = Machine(spiky).time({"a": 0.2})["a"].median_ms
    assert busy == pytest.approx(calm, rel=0.03)


def shared(now: float, rng: np.random.Generator) -> float:
    """Slow down where another's thread is on the same core: it comes and goes."""
    slow = np.sin(23 * now) + np.sin(31 * now) > -0.3
    return (1.6 if slow else 1.0) * (1 + 0.01 * rng.random())


@pytest.mark.parametrize("length", [0.2, 20.0])
def test_a_core_with_two_speeds_is_timed_at_the_fast_one(length: float) -> None:
    for seed in range(5):
        found = Machine(shared, seed).time({"a": length, "b": 3.0})
        assert found["a"].median_ms == pytest.approx(length, rel=0.04)


class Forgetful(Machine):
    """What it has not called just before takes longer for a few milliseconds."""

    def __init__(self) -> None:
        super().__init__(quiet)
        self._last: object = None
        self._since = 0.0

    def call(self, milliseconds: float, power: float = 1.0) -> Callable[[], None]:
        settled = super().call(milliseconds, power)
        name = object()

        def run() -> None:
            if self._last is not name:
                self._last, self._since = name, self.now
            self.now += 0.2 * milliseconds / 1e3 * np.exp(-(self.now - self._since) / 1.5e-3)
            settled()

        return run


def test_a_program_is_timed_as_if_it_ran_alone() -> None:
    """Calls after another program are slower, and there is another one before every block."""
    found = Forgetful().time({"a": 0.2, "b": 1.0, "c": 3.0})
    for name, length in {"a": 0.2, "b": 1.0, "c": 3.0}.items():
        assert found[name].median_ms == pytest.approx(length, rel=0.03)


def test_programs_that_wait_for_memory_are_timed_at_the_fast_speed_too() -> None:
    """They slow down less than the reference, which computes."""
    for seed in range(5):
        machine = Machine(shared, seed)
        found = time_calls(
            {"a": machine.call(0.2, power=0.6), "b": machine.call(3.0, power=0.6)},
            seconds_each=0.5,
            reference=machine.call(0.05),
            clock=machine.clock,
            precise=0.0,
        )
        assert found["a"].median_ms == pytest.approx(0.2, rel=0.04)
        assert found["b"].median_ms == pytest.approx(3.0, rel=0.04)


def test_a_machine_that_changes_its_speed_a_lot_is_not_trusted() -> None:
    def moody(now: float, rng: np.random.Generator) -> float:
        return 2.0 if int(now * 5) % 2 else 1.0 + 0.01 * rng.random()

    found = Machine(moody).time({"a": 0.2})["a"]
    assert not found.trustworthy
    assert "speed changed" in found.reason or "interval" in found.reason


def test_an_interval_that_is_wide_is_not_trusted() -> None:
    def random(_: float, rng: np.random.Generator) -> float:
        return float(rng.uniform(1, 6))

    found = Machine(random).time({"a": 2.0}, seconds=0.05)["a"]
    assert not found.trustworthy


def test_a_steady_machine_ends_the_experiment_early() -> None:
    machine = Machine(quiet)
    time_calls(
        {"a": machine.call(0.2)},
        seconds_each=60,
        reference=machine.call(0.05),
        clock=machine.clock,
        precise=0.02,
    )
    assert machine.now < 5


def test_pooling_widens_the_interval_to_all_processes() -> None:
    parts = [Machine(quiet, seed).time({"a": length})["a"] for seed, length in enumerate((1, 1.2))]
    pooled = pool(parts)
    assert pooled.low_ms <= min(part.median_ms for part in parts)
    assert pooled.high_ms >= max(part.median_ms for part in parts)
    assert not pooled.trustworthy
    assert pooled.calls == sum(part.calls for part in parts)


def several(machine: Callable[[int], Machine], lengths: dict[str, float]) -> dict[str, Timing]:
    """Time programs in six processes, in each of which memory lies somewhere else."""
    parts = []
    for process in range(6):
        luck = np.random.default_rng((1, process)).normal(0, 0.01, len(lengths))
        slower = {n: it * (1 + x) for (n, it), x in zip(lengths.items(), luck, strict=True)}
        parts.append(machine(process).time(slower))
    return {name: pool([part[name] for part in parts]) for name in lengths}


def test_a_file_is_equal_to_itself_where_processes_differ() -> None:
    """Bootstrapping rounds gives an interval that is too narrow: rounds share their process."""
    found = several(lambda seed: Machine(quiet, seed), {"a": 0.2, "again": 0.2})
    compared = ratio(found["a"], found["again"])
    assert compared.equal
    assert compared.high / compared.low - 1 < 0.04
    assert not compared.reason


def test_a_difference_is_found_where_processes_differ() -> None:
    found = several(lambda seed: Machine(quiet, seed), {"a": 0.21, "b": 0.2})
    compared = ratio(found["a"], found["b"])
    assert compared.low > 1
    assert compared.low < 1.05 < compared.high


def test_a_ratio_that_is_wide_says_that_the_machine_is_too_noisy() -> None:
    def moody(_: float, rng: np.random.Generator) -> float:
        return float(rng.uniform(1, 6))

    found = several(lambda seed: Machine(moody, seed), {"a": 0.2, "again": 0.2})
    assert "too noisy" in ratio(found["a"], found["again"]).reason


def test_nothing_to_time_gives_nothing() -> None:
    assert time_calls({}, seconds_each=1) == {}


def test_numpy_has_one_thread_while_programs_are_timed() -> None:
    """Its other threads would wait for the next product beside what is timed, and slow it."""

    def threads() -> set[int]:
        return {it["num_threads"] for it in threadpool_info() if it["user_api"] == "blas"}

    seen: set[int] = set()
    with threadpool_limits(2, user_api="blas"):
        before = threads()
        time_calls({"it": lambda: seen.update(threads())}, seconds_each=0.01)
        after = threads()
    assert seen == {1}
    assert before == after == {2}


class Waiting:
    """A program that sleeps: it takes time, and none of the processor's."""

    executed = "fp32"
    inputs: tuple[Port, ...] = ()

    def run(self, *arrays: Array) -> tuple[Array, ...]:
        return arrays

    def prepare(self, *arrays: Array) -> Callable[[], object]:
        del arrays
        return lambda: time.sleep(0.002)

    def profile(self, *arrays: Array, calls: int = 10) -> tuple[Step, ...]:  # noqa: ARG002
        return ()


class Alternating(Waiting):
    """A program whose calls are short and long in turn: two thirds of them are short."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def prepare(self, *arrays: Array) -> Callable[[], object]:
        del arrays
        calls = itertools.cycle(self._machine.call(it) for it in (0.1, 0.1, 0.7))
        return lambda: next(calls)()


@pytest.mark.parametrize(("clock", "milliseconds"), [("wall", 0.1), ("processor", 0.3)])
def test_by_the_clock_of_the_processor_all_calls_of_a_block_count(
    clock: str, milliseconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = Machine(lambda _, __: 1.0)

    def ticking() -> int:
        machine.now += 1e-7  # reading a clock takes time, and so does a call of nothing
        return machine.clock()

    monkeypatch.setattr(experiment, "CLOCKS", {clock: ticking})
    monkeypatch.setattr(experiment, "matrix_product", lambda: machine.call(0.05))
    found = time_in_turn({"it": Alternating(machine)}, seconds_each=0.05, clock=clock)["it"]
    assert found.median_ms == pytest.approx(milliseconds, rel=0.1)


def test_waiting_is_no_cost_by_the_clock_of_the_processor() -> None:
    wall = time_in_turn({"it": Waiting()}, seconds_each=0.05)["it"]
    own = time_in_turn({"it": Waiting()}, seconds_each=0.001, clock="processor")["it"]
    assert wall.min_ms >= 2
    assert own.median_ms < 1


def test_a_timing_less_something_is_shorter_in_every_number() -> None:
    timing = Machine(quiet).time({"a": 0.2})["a"]
    less = timing.less(0.1)
    assert less.median_ms == pytest.approx(timing.median_ms - 0.1)
    assert less.rounds_ms == pytest.approx([it - 0.1 for it in timing.rounds_ms])
    assert less.high_ms - less.low_ms == pytest.approx(timing.high_ms - timing.low_ms)


def test_no_file_is_always_loaded_before_another() -> None:
    orders = [loading_order(["a", "b", "c"], number) for number in range(4)]
    assert orders[0] == orders[2] == ["a", "b", "c"]
    assert orders[1] == orders[3] == ["c", "b", "a"]
