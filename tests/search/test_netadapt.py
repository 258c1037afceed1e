"""NetAdapt: each step lowers the cost by enough and loses least for what it saves."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pytest
from toy import Toy

from sartor.search import Problem, Scored, run
from sartor.search.history import History
from sartor.search.protocol import STRATEGIES
from sartor.search.walk import STEP, Prices, Walks
from sartor.space import Choice, Design, Space
from sartor.units import parse_limit

TOY = Toy(stages=3)
SPACE = Space([Choice(f"c{number}", (0, 1, 2, 3), ordered=True) for number in range(3)])
COSTS = ((0.0, 0.01, 2.0, 3.0), (0.0, 1.0, 1.5, 4.0), (0.0, 0.5, 1.0, 1.5))
"""In ms, by choice and option: one option more of the first is no step of 1 %."""
GAINS = ((0.0, 0.01, 0.02, 0.05), (0.0, 0.03, 0.04, 0.05), (0.0, 0.01, 0.015, 0.016))
LIMIT = parse_limit("latency=3ms")


def summed(table: Sequence[Sequence[float]], design: Design) -> float:
    return sum(row[design.integer(f"c{number}")] for number, row in enumerate(table))


def evaluate(design: Design) -> dict[str, float]:
    return {"accuracy": 0.5 + summed(GAINS, design), "latency_ms": 1.0 + summed(COSTS, design)}


def estimate(designs: Sequence[Design]) -> Mapping[str, npt.NDArray[np.float64]]:
    return {"latency_ms": np.array([evaluate(design)["latency_ms"] for design in designs])}


def known(problem: Problem) -> History:
    """Every design, evaluated."""
    history = History(problem, 0)
    designs = problem.space.decode(problem.coding.every())
    history.tell([Scored(design, evaluate(design), 0) for design in designs])
    return history


def path(problem: Problem) -> list[tuple[int, ...]]:
    prices = Prices(problem)
    walked = Walks(known(problem), prices).path(prices.dearest)
    return [tuple(it.tolist()) for it in walked]


def by_hand(start: tuple[int, ...], goal: float) -> list[tuple[int, ...]]:
    """The steps of the paper, written out for the tables."""

    def paid(at: Sequence[int]) -> float:
        return 1.0 + sum(row[option] for row, option in zip(COSTS, at, strict=True))

    def gained(at: Sequence[int]) -> float:
        return sum(row[option] for row, option in zip(GAINS, at, strict=True))

    steps, least = [start], STEP * paid(start)
    while paid(steps[-1]) > goal:
        at, proposals = steps[-1], []
        for choice in range(3):
            changed = [(*at[:choice], option, *at[choice + 1 :]) for option in range(4)]
            enough = [it for it in changed if paid(at) - paid(it) >= least]
            proposals += [max(enough, key=paid)] if enough else []
        if not proposals:
            break
        ratios = [(gained(it) - gained(at)) / (paid(at) - paid(it)) for it in proposals]
        steps.append(proposals[int(np.argmax(ratios))])
    return steps


def test_the_walk_is_that_of_the_paper() -> None:
    goal = by_hand((3, 3, 3), LIMIT.bound)
    assert len(goal) > 4
    problem = Problem(SPACE, {"accuracy": "max"}, (LIMIT,), estimate)
    assert path(problem) == goal
    # Where the cost is sought as well it goes on within the limit, as far as it can.
    assert path(Problem(SPACE, limits=(LIMIT,), estimate=estimate))[: len(goal)] == goal
    # The options of these choices are in the order of their costs, so that measured ones do too.
    assert path(Problem(SPACE, {"accuracy": "max"}, (LIMIT,))) == goal


def test_where_no_step_is_enough_the_largest_ones_are_taken() -> None:
    # From (1, 0, 0) the only step is one of 0.01 ms, less than 1 % of its 1.01 ms.
    walked = path(Problem(SPACE, limits=(LIMIT,), estimate=estimate))
    assert walked[-1] == (0, 0, 0)
    history = known(Problem(SPACE, estimate=estimate))
    prices = Prices(history.problem)
    walks = Walks(history, prices)
    assert [it.tolist() for it in walks.path(np.array([1, 0, 0]))] == [[1, 0, 0], [0, 0, 0]]


def test_it_begins_with_the_dearest_and_asks_for_one_change_of_each_choice() -> None:
    problem = Problem(SPACE, limits=(LIMIT,), estimate=estimate)
    asked = STRATEGIES["netadapt"](problem, 0).ask(4)
    assert [tuple(it.values()) for it in asked] == [(3, 3, 3), (2, 3, 3), (3, 2, 3), (3, 3, 2)]
    dearest = TOY.space.decode(Prices(TOY.problem()).dearest[None])[0]
    every = TOY.space.decode(TOY.space.coding.every())
    assert TOY.latency_ms(dearest) == max(TOY.latency_ms(it) for it in every)


def test_measured_costs_are_tried_until_one_is_enough() -> None:
    # Without an estimate nobody knows that from c0=1 to c0=0 is too little.
    problem = Problem(SPACE, limits=(LIMIT,))
    history = History(problem, 0)
    walks = Walks(history, Prices(problem)).waiting(np.array([1, 2, 3]))
    assert walks.tolist() == [[1, 2, 3], [0, 2, 3], [1, 1, 3], [1, 2, 2]]
    designs = problem.space.decode(walks)
    history.tell([Scored(design, evaluate(design), 0) for design in designs])
    waiting = Walks(history, Prices(problem)).waiting(np.array([1, 2, 3]))
    # 0.01 ms of the first choice are no proposal; the next place is reached by one of the others.
    path = Walks(history, Prices(problem)).path(np.array([1, 2, 3]))
    assert [it.tolist() for it in path] == [[1, 2, 3], [1, 2, 2]]
    assert [0, 2, 2] in waiting.tolist()


def test_a_proposal_that_failed_is_left_out() -> None:
    problem = Problem(SPACE, limits=(LIMIT,), estimate=estimate)
    best = by_hand((3, 3, 3), LIMIT.bound)[1]
    history = History(problem, 0)
    for design in problem.space.decode(problem.coding.every()):
        values = {} if tuple(design.values()) == best else evaluate(design)
        history.tell([Scored(design, values, 0)])
    walked = [tuple(it.tolist()) for it in Walks(history, Prices(problem)).path(np.array([3] * 3))]
    assert walked[1] in {(2, 3, 3), (3, 2, 3), (3, 3, 2)} - {best}
    assert best not in walked


def test_a_search_comes_to_keep_the_limit_and_then_has_designs_within_it() -> None:
    limit = parse_limit("latency=1.5ms")
    problem = TOY.problem(limit)
    strategy = STRATEGIES["netadapt"](problem, 0)
    missed = []
    for number in range(16):
        asked = strategy.ask(16)
        strategy.tell([Scored(design, TOY.evaluate(design), number) for design in asked])
        missed.append(np.mean([TOY.latency_ms(design) > limit.bound for design in asked]))
    assert missed[0] > 0.5
    assert min(missed) < 0.2


@pytest.mark.parametrize("estimated", [True, False])
@pytest.mark.parametrize("stopped_after", [7, 40])
def test_a_stopped_search_ends_as_if_unbroken(estimated: bool, stopped_after: int) -> None:
    problem = Problem(TOY.space, estimate=TOY.estimate if estimated else None)
    unbroken = STRATEGIES["netadapt"](problem, 1)
    told: list[Scored] = []
    while len(told) < stopped_after:
        number = len(told) // 7
        batch = [Scored(it, TOY.evaluate(it), number) for it in unbroken.ask(7)]
        unbroken.tell(batch)
        told += batch
    resumed = STRATEGIES["netadapt"](problem, 1)
    resumed.tell(told[::-1])
    assert resumed.ask(7) == unbroken.ask(7)


def test_without_any_cost_designs_become_smaller() -> None:
    study = run(SPACE, evaluate, objectives={"accuracy": "max"}, strategy="netadapt", evaluations=4)
    genes = SPACE.encode([trial.design for trial in study.trials])
    assert genes.sum(axis=1).tolist() == [9, 8, 8, 8]
