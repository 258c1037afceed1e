"""Trainings side by side are what they are in turn, and end together when one fails."""

import threading
import time
from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from sartor.train import Budget, Crew, Recipe, Report, Training, Work, gain, makespan, places, run


def ignore(_: float, __: str) -> None:
    """Take no note of the progress."""


def training(seed: int) -> Callable[[Report], dict[str, Tensor]]:
    """Train a small network for 30 steps."""
    generator = torch.Generator().manual_seed(seed)
    network = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 3))
    images = torch.randn(16, 1, 8, 8, generator=generator)
    labels = torch.randint(0, 3, (16,), generator=generator)

    def gradients(_: int, __: float) -> Tensor:
        loss = F.cross_entropy(network(images), labels)
        loss.backward()  # type: ignore[no-untyped-call]
        return loss.detach()

    def do(report: Report) -> dict[str, Tensor]:
        run(Training(network, Recipe()), gradients, Budget(steps=30), report=report)
        return {name: it.detach().clone() for name, it in network.named_parameters()}

    return do


@pytest.mark.parametrize("at_a_time", [2, 3])
def test_trainings_side_by_side_equal_those_in_turn(at_a_time: int) -> None:
    def all_of(places: int) -> list[dict[str, Tensor]]:
        torch.manual_seed(0)
        work = [Work(f"{seed}", 0.25, training(seed)) for seed in range(4)]
        return Crew(ignore, places).run(work)

    for one, other in zip(all_of(1), all_of(at_a_time), strict=True):
        for name, value in one.items():
            assert torch.equal(value, other[name])


def test_as_many_run_at_a_time_as_there_are_places() -> None:
    meeting = threading.Barrier(3, timeout=30)  # breaks unless three wait for one another
    work = [Work(f"{at}", 1 / 6, lambda _: meeting.wait()) for at in range(6)]
    assert len(Crew(ignore, 3).run(work)) == 6


def test_results_stand_in_the_order_of_the_work() -> None:
    def waits(at: int) -> int:
        time.sleep(0.02 * (4 - at))
        return at

    work = [Work(f"{at}", 0.2, lambda _, at=at: waits(at)) for at in range(5)]  # type: ignore[misc]
    assert Crew(ignore, 5).run(work) == [0, 1, 2, 3, 4]


def test_threads_are_divided_and_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    used: list[int] = []
    monkeypatch.setattr(torch, "get_num_threads", lambda: 8)
    monkeypatch.setattr(torch, "set_num_threads", used.append)
    assert places(10) == 4
    assert places(2) == 2
    Crew(ignore, 4).run([Work("it", 1.0, lambda _: None)])
    assert used == [2, 8]


@pytest.mark.parametrize("alone", [0.4, 0.5, 2.0])
def test_the_gain_is_the_ratio_of_the_times(alone: float) -> None:
    """A clock that a step moves by `alone` in the main thread, and by half a second in others."""
    now, one_at_a_time = [0.0], threading.Lock()

    def step() -> None:
        with one_at_a_time:
            main = threading.current_thread() is threading.main_thread()
            now[0] += alone if main else 0.5

    assert gain([step] * 3, lambda: now[0]) == pytest.approx(alone / 0.5)


def test_trying_side_by_side_gives_the_threads_back(monkeypatch: pytest.MonkeyPatch) -> None:
    used: list[int] = []
    monkeypatch.setattr(torch, "get_num_threads", lambda: 8)
    monkeypatch.setattr(torch, "set_num_threads", used.append)
    gain([lambda: None] * 4)
    assert used[-1] == 8
    assert set(used) == {2, 8}


def test_a_step_that_fails_gives_the_threads_back(monkeypatch: pytest.MonkeyPatch) -> None:
    used: list[int] = []
    monkeypatch.setattr(torch, "get_num_threads", lambda: 8)
    monkeypatch.setattr(torch, "set_num_threads", used.append)

    def fails() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        gain([fails] * 4)
    assert used[-1] == 8


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_the_others_end_when_one_fails(error: type[BaseException]) -> None:
    begun: list[str] = []
    ended = threading.Event()

    def works(report: Report) -> None:
        begun.append("works")
        try:
            while True:
                time.sleep(0.01)
                report(0.5, 1.0)
        finally:
            ended.set()

    def fails(_: Report) -> None:
        begun.append("fails")
        raise error("no")

    work = [Work("works", 0.4, works), Work("fails", 0.3, fails)]
    work += [Work(f"later {at}", 0.1, works) for at in range(3)]
    with pytest.raises(error, match="no"):
        Crew(ignore, 2).run(work)
    assert ended.is_set()
    assert len(begun) <= 3  # one may have taken the place of the one that failed


@pytest.mark.parametrize("at_a_time", [1, 2])
def test_progress_adds_up(at_a_time: int) -> None:
    told: list[float] = []
    busy = threading.Lock()

    def update(done: float, _: str) -> None:
        assert busy.acquire(blocking=False), "two threads at a time"
        time.sleep(0.001)
        told.append(done)
        busy.release()

    def works(report: Report) -> None:
        for part in range(1, 11):
            report(part / 10, 1.0)

    shares = (0.5, 0.3, 0.2)
    Crew(update, at_a_time).run([Work(f"{it}", it, works) for it in shares])
    assert told == sorted(told)
    assert len(told) == 30
    assert told[-1] == pytest.approx(1.0)


@pytest.mark.parametrize("at_a_time", [1, 2])
def test_what_was_done_in_an_earlier_session_counts(at_a_time: int) -> None:
    told: list[float] = []
    known = Work("known", 0.75, lambda _: None)
    rest = Work("rest", 0.25, lambda report: report(1.0, 1.0))
    crew = Crew(lambda done, _: told.append(done), at_a_time)
    crew.run([known])
    crew.run([rest])
    assert told == [1.0]


@given(
    st.lists(st.floats(0.01, 1.0), min_size=1, max_size=12), st.integers(min_value=1, max_value=5)
)
def test_the_makespan_is_between_its_bounds(shares: list[float], at_a_time: int) -> None:
    span, total = makespan(shares, at_a_time), sum(shares)
    assert span >= max(*shares, total / at_a_time, 0) - 1e-9
    # Graham 1966: a list schedule is at most this much longer than what no schedule can beat.
    assert span <= total / at_a_time + (1 - 1 / at_a_time) * max(shares) + 1e-9
