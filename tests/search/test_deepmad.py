"""DeepMAD: the most entropy within the limits, without an evaluation."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pytest
from toy import Toy

from sartor import search
from sartor.errors import LimitError, OptionError
from sartor.search import STRATEGIES, Problem, Scored, Strategy
from sartor.search.recovered import HIGHEST, Recovered
from sartor.space import Choice, Design, Space
from sartor.units import Limit, parse_limit

TINY, SMALL, LARGE = Toy(1), Toy(2), Toy(8)
TIGHT = parse_limit("latency=0.7ms")
Numbers = npt.NDArray[np.float64]


def entropy(toy: Toy, design: Design) -> float:
    """A product of two sums, as the paper's: no sum of single options, nor of pairs."""
    widths = [design.integer(f"stage{stage}.width") for stage in range(toy.stages)]
    expands = [design.get(f"stage{stage}.expand", 1) for stage in range(toy.stages)]
    total = sum(math.log(width * float(e or 1)) for width, e in zip(widths, expands, strict=True))
    return math.log(16 * widths[-1]) * total


def estimated(toy: Toy, designs: Sequence[Design]) -> Mapping[str, Numbers]:
    return {
        "latency_ms": np.array([toy.latency_ms(it) for it in designs]),
        "entropy": np.array([entropy(toy, it) for it in designs]),
    }


def problem(toy: Toy, *limits: Limit) -> Problem:
    return Problem(toy.space, limits=limits, estimate=lambda designs: estimated(toy, designs))


def make(toy: Toy, *limits: Limit, seed: int = 0) -> Strategy:
    return STRATEGIES["deepmad"](problem(toy, *limits), seed)


def scored(designs: Sequence[Design], batch: int) -> list[Scored]:
    return [Scored(it, {"accuracy": 0.5, "latency_ms": 1.0}, batch) for it in designs]


def ranked(toy: Toy, *limits: Limit) -> list[float]:
    """Return the entropies of all designs within the limits, highest first."""
    designs = toy.space.decode(toy.space.coding.every())
    kept = [it for it in designs if all(limit.keeps(toy.latency_ms(it)) for limit in limits)]
    return sorted((entropy(toy, it) for it in kept), reverse=True)


@pytest.mark.parametrize("limits", [(), (TIGHT,), (parse_limit("latency>=1.2ms"),)])
def test_the_first_designs_are_the_best_of_all_in_order(limits: tuple[Limit, ...]) -> None:
    found = [entropy(SMALL, it) for it in make(SMALL, *limits).ask(3)]
    assert found == pytest.approx(ranked(SMALL, *limits)[:3])


def test_the_more_important_entropy_is_maximised_where_both_are_estimated() -> None:
    space = Space([Choice("x", tuple(range(1, 6)), ordered=True), Choice("y", (1, 2, 3))])

    def both(designs: Sequence[Design]) -> Mapping[str, Numbers]:
        x = np.array([it.number("x") for it in designs])
        return {"entropy": x, "multiscale_entropy": 10 - x}

    (best,) = STRATEGIES["deepmad"](Problem(space, estimate=both), 0).ask(1)
    assert best["x"] == 1


def test_depth_over_width_is_bounded_where_it_is_estimated() -> None:
    space = Space([Choice(f"c{number}", (1, 2, 3, 4), ordered=True) for number in range(3)])

    def both(designs: Sequence[Design]) -> Mapping[str, Numbers]:
        total = np.array([sum(float(str(it)) for it in design.values()) for design in designs])
        return {"entropy": total, "effectiveness": HIGHEST * total / 7.5}

    asked = STRATEGIES["deepmad"](Problem(space, estimate=both), 0).ask(3)
    assert [sum(float(str(it)) for it in design.values()) for design in asked] == [7, 7, 7]


def test_designs_with_estimates_that_are_no_numbers_are_not_asked_for() -> None:
    space = Space([Choice("x", tuple(range(1, 9)), ordered=True), Choice("y", (1, 2))])

    def broken(designs: Sequence[Design]) -> Mapping[str, Numbers]:
        x = np.array([it.number("x") for it in designs])
        return {"entropy": np.where(x == 8, np.nan, x), "macs": np.where(x == 7, np.nan, x)}

    strategy = STRATEGIES["deepmad"](
        Problem(space, limits=(parse_limit("macs=100"),), estimate=broken), 0
    )
    assert [it["x"] for it in strategy.ask(2)] == [6, 6]


@pytest.mark.slow
def test_the_same_seed_gives_the_same_designs() -> None:
    limit = parse_limit("latency=4ms")
    assert make(LARGE, limit, seed=4).ask(3) == make(LARGE, limit, seed=4).ask(3)


def test_batches_have_nothing_in_common_and_keep_the_limits() -> None:
    strategy = make(TINY, TIGHT)
    asked = strategy.ask(6) + strategy.ask(6)
    assert len(set(asked)) == 12
    assert max(map(TINY.latency_ms, asked)) <= TIGHT.bound


def test_one_that_is_told_everything_goes_on_as_if_unbroken() -> None:
    unbroken = make(TINY, TIGHT, seed=5)
    told = []
    for number in range(3):
        batch = unbroken.ask(4)
        told += scored(batch, number)
        unbroken.tell(scored(batch, number))
    again = make(TINY, TIGHT, seed=5)
    again.tell(told[::-1])
    assert again.ask(4) == unbroken.ask(4)


def test_designs_that_are_known_are_left_out() -> None:
    first = make(TINY).ask(4)
    strategy = make(TINY)
    strategy.tell([Scored(first[0], {}, -1), *scored(first[2:3], -1)])
    assert strategy.ask(2) == [first[1], first[3]]


def test_a_small_space_is_asked_for_whole_and_then_nothing() -> None:
    strategy = make(TINY)
    asked = [design for _ in range(5) for design in strategy.ask(8)]
    assert len(asked) == len(set(asked)) == TINY.space.count() == 28
    assert [entropy(TINY, it) for it in asked] == pytest.approx(ranked(TINY))


def test_limits_out_of_reach_are_told_with_the_nearest_value() -> None:
    for toy in (SMALL, LARGE):
        strategy = make(toy, parse_limit("latency=0.01ms"))
        for _ in range(2):
            with pytest.raises(LimitError, match=r"keeps latency <= 0\.01 ms: the nearest of"):
                strategy.ask(4)


def test_an_entropy_that_is_nowhere_above_zero_is_refused() -> None:
    strategy = STRATEGIES["deepmad"](
        Problem(TINY.space, estimate=lambda designs: {"entropy": np.zeros(len(designs))}), 0
    )
    with pytest.raises(OptionError, match="of 28 designs none has estimates above zero of entropy"):
        strategy.ask(2)


def test_without_an_estimate_of_the_entropy_it_says_what_to_give() -> None:
    with pytest.raises(OptionError, match="but the estimate gives latency_ms; give an estimate of"):
        STRATEGIES["deepmad"](SMALL.problem(), 0)
    with pytest.raises(OptionError, match="gives nothing"):
        STRATEGIES["deepmad"](Problem(SMALL.space), 0)


def test_in_a_space_too_large_to_list_it_comes_near_the_optimum() -> None:
    # Stages add to a logarithm of the last width, so that dynamic programming over rounded
    # latencies finds the optimum; rounding down allows a little more than the limit does.
    limit = parse_limit("latency=4ms")
    strategy = make(LARGE, limit)
    (best,) = strategy.ask(1)
    assert LARGE.latency_ms(best) <= limit.bound
    assert entropy(LARGE, best) > 0.98 * optimum(LARGE, limit.bound)
    assert strategy.report() == {"entropy": pytest.approx(entropy(LARGE, best))}


def optimum(toy: Toy, bound: float, step: float = 0.002) -> float:
    """Return an upper bound on the entropy within a latency."""
    best = 0.0
    blocks = TINY.space.decode(TINY.space.coding.every())
    slots = int(bound / step) + 1
    for last in (8, 16, 24, 32):
        totals = np.full(slots, -np.inf)
        totals[:slots] = 0.0
        for stage in range(toy.stages):
            grown = np.full(slots, -np.inf)
            for block in blocks:
                width = block.integer("stage0.width")
                if stage == toy.stages - 1 and width != last:
                    continue
                cost = (TINY.latency_ms(block) - 0.1) * 1.3**stage
                gain = math.log(width * float(block.get("stage0.expand", 1) or 1))
                shift = int(cost / step)
                if shift < slots:
                    grown[shift:] = np.maximum(grown[shift:], totals[: slots - shift] + gain)
            totals = grown
        reach = int((bound - 0.1) / step) + 1
        best = max(best, math.log(16 * last) * float(totals[min(reach, slots - 1)]))
    return best


def test_a_search_by_it_goes_on_as_if_unbroken(tmp_path: object) -> None:
    def evaluate(design: Design) -> dict[str, float]:
        return TINY.evaluate(design)

    def searched(evaluations: int, storage: str | None) -> search.Study:
        return search.run(
            TINY.space, evaluate, strategy="deepmad", evaluations=evaluations, limits=[TIGHT],
            estimate=lambda designs: estimated(TINY, designs), storage=storage, batch=4,
        )  # fmt: skip

    whole = [trial.design for trial in searched(10, None).trials]
    file = f"sqlite:///{tmp_path}/study.db"
    searched(6, file)
    assert [trial.design for trial in searched(10, file).trials] == whole


def test_the_report_is_empty_before_anything_is_found() -> None:
    assert Recovered(problem(SMALL), "entropy", 0).report() == {}
