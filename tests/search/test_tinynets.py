"""TinyNets: the formula is read off the best trials, and followed to the cost that is wanted."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from toy import Toy

from sartor.search import STRATEGIES, Problem, Scored
from sartor.search.axes import Axes
from sartor.search.strategies.tinynets import FIRST
from sartor.space import Choice, Design, Space
from sartor.units import Limit

Numbers = npt.NDArray[np.float64]
TOY = Toy()
STEPS = 33
CUBE = Space(
    [Choice(name, tuple(range(STEPS)), ordered=True) for name in ("resolution", "depth", "width")]
)
STEEPNESS = np.array([2.0, 1.0, 2.5])


def logs(designs: Sequence[Design]) -> Numbers:
    """The cost is the product of powers, as in c = r^2 d w^2."""
    found: Numbers = CUBE.encode(designs) / (STEPS - 1) @ STEEPNESS
    return found


def cost(designs: Sequence[Design]) -> Mapping[str, Numbers]:
    return {"macs": np.exp(logs(designs))}


def away(designs: Sequence[Design]) -> Numbers:
    """Return how far resolution and depth are from what is best at their cost, (n, 2)."""
    share = logs(designs) / STEEPNESS.sum()
    levels = CUBE.encode(designs) / (STEPS - 1)
    gaps: Numbers = levels[:, :2] - np.stack([share, share**2], axis=1)
    return gaps


def evaluate(design: Design) -> dict[str, float]:
    """What is best at a cost counts less than the cost."""
    gap = float((away([design]) ** 2).sum())
    return {
        "accuracy": 0.5 + 0.05 * float(logs([design])[0]) - gap,
        "macs": cost([design])["macs"][0],
    }


def played(problem: Problem, batches: int, seed: int = 0) -> list[list[Design]]:
    strategy = STRATEGIES["tinynets"](problem, seed)
    asked = []
    for number in range(batches):
        asked.append(strategy.ask(16))
        strategy.tell([Scored(design, evaluate(design), number) for design in asked[-1]])
    return asked


@pytest.mark.parametrize("estimated", [True, False])
@pytest.mark.parametrize("seed", range(3))
def test_designs_come_near_to_what_is_best_at_their_cost(seed: int, estimated: bool) -> None:
    estimate = cost if estimated else None
    problem = Problem(CUBE, {"accuracy": "max", "macs": "min"}, estimate=estimate)
    asked = played(problem, 8, seed)
    first = np.abs(away([design for batch in asked[: FIRST // 16] for design in batch])).mean()
    last = np.abs(away(asked[-1])).mean()
    assert last < 0.4 * first


def test_where_only_accuracy_counts_the_limit_is_used_up() -> None:
    limit = Limit("macs", float(np.exp(3.0)), "max")
    problem = Problem(CUBE, {"accuracy": "max"}, (limit,), cost)
    asked = played(problem, 5)
    used = np.exp(logs([design for batch in asked[FIRST // 16 :] for design in batch]) - 3.0)
    assert used.max() <= 1
    assert np.median(used) > 0.9


def test_where_the_cost_counts_too_designs_are_spread_up_to_the_limit() -> None:
    limit = Limit("macs", float(np.exp(3.0)), "max")
    problem = Problem(CUBE, {"accuracy": "max", "macs": "min"}, (limit,), cost)
    used = logs([design for batch in played(problem, 6)[FIRST // 16 :] for design in batch])
    assert used.max() <= 3
    assert np.ptp(used) > 2


def test_what_misses_another_limit_is_not_learned_from() -> None:
    # Accuracy is best where depth is not: only shallow designs keep the memory.
    memory = Limit("peak_bytes", 8.0, "max")
    problem = Problem(CUBE, {"accuracy": "max", "macs": "min"}, (memory,))
    strategy = STRATEGIES["tinynets"](problem, 0)
    shares = []
    for number in range(8):
        asked = strategy.ask(16)
        depths = np.array([design.integer("depth") for design in asked])
        shares.append((depths <= memory.bound).mean())
        strategy.tell(
            [
                Scored(it, evaluate(it) | {"peak_bytes": float(it.integer("depth"))}, number)
                for it in asked
            ]
        )
    assert np.mean(shares[-3:]) > np.mean(shares[:2]) + 0.3


class TestAxes:
    def test_they_are_the_last_words_of_ordered_choices(self) -> None:
        assert Axes(TOY.space).names == ("width", "expand")
        assert Axes(
            Space([Choice(f"layer{it}", (1, 2), ordered=True) for it in range(3)])
        ).names == ("layer",)
        assert Axes(Space([Choice("kind", ("a", "b"))])).names == ()

    def test_a_space_without_an_order_has_none_and_is_searched_all_the_same(self) -> None:
        space = Space([Choice(f"edge{it}", ("a", "b", "c", "d")) for it in range(4)])
        strategy = STRATEGIES["tinynets"](Problem(space), 0)
        asked = []
        for number in range(4):
            asked += strategy.ask(16)
            told = [
                Scored(
                    it, {"accuracy": list(it.values()).count("a") / 4, "latency_ms": 1.0}, number
                )
                for it in asked[-16:]
            ]
            strategy.tell(told)
        assert len(set(asked)) == 64

    @given(levels=st.tuples(st.floats(0, 1), st.floats(0, 1)), seed=st.integers(0, 99))
    def test_moved_designs_are_of_the_space_and_stand_at_the_levels(
        self, levels: tuple[float, float], seed: int
    ) -> None:
        axes, rng = Axes(TOY.space), np.random.default_rng(seed)
        genes = TOY.space.coding.drawn(400, rng)
        moved = axes.moved(genes, np.tile(levels, (400, 1)), rng)
        assert (TOY.space.coding.settled(moved) == moved).all()
        kinds = [TOY.space.position(f"stage{it}.kind") for it in range(TOY.stages)]
        assert (moved[:, kinds] == genes[:, kinds]).all()
        some = (TOY.space.coding.active(moved)[:, kinds[0] + 2 :: 3]).any(axis=1)
        found = axes.levels(moved)
        assert found[:, 0].mean() == pytest.approx(levels[0], abs=0.04)
        assert found[some, 1].mean() == pytest.approx(levels[1], abs=0.06)

    def test_the_first_and_the_last_options_are_the_levels_zero_and_one(self) -> None:
        axes, space = Axes(TOY.space), TOY.space
        genes = space.encode([space.extreme(0), space.extreme(-1, {"stage1.kind": "plain"})])
        assert axes.levels(genes).tolist() == [[0, 0], [1, 1]]
