"""The controller of the policy gradient: it learns what is rewarded, and what belongs together."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from hypothesis import given
from hypothesis import strategies as st
from toy import Toy

from sartor.search import Problem, Scored
from sartor.search.controller import Controller
from sartor.search.protocol import STRATEGIES
from sartor.space import Choice, Genes, Space
from sartor.units import parse_limit

PAIR = Space([Choice("a", (0, 1)), Choice("b", (0, 1)), Choice("c", (0, 1))])
TOY = Toy()


def trained(space: Space, reward: Mapping[tuple[int, ...], float], steps: int) -> Controller:
    controller, rng = Controller(space.coding), np.random.default_rng(0)
    batches: list[tuple[Genes, npt.NDArray[np.float64]]] = []
    for _ in range(steps):
        genes = controller.draw(16, rng)
        batches.append((genes, np.array([reward.get(tuple(it), 0.0) for it in genes.tolist()])))
        controller.learn(batches)
    return controller


def test_it_learns_what_belongs_together() -> None:
    # Each option alone is rewarded as often as the other, so that a controller that draws every
    # choice for itself gets no more than half.
    reward: dict[tuple[int, ...], float] = {
        (a, b, c): float(a == b) for a in (0, 1) for b in (0, 1) for c in (0, 1)
    }
    drawn = trained(PAIR, reward, 60).draw(500, np.random.default_rng(1))
    assert (drawn[:, 0] == drawn[:, 1]).mean() > 0.85


def test_it_learns_the_one_that_is_rewarded() -> None:
    drawn = trained(PAIR, {(1, 0, 1): 1.0}, 60).draw(500, np.random.default_rng(1))
    assert (drawn == [1, 0, 1]).all(axis=1).mean() > 0.8


def test_one_that_learned_nothing_draws_evenly() -> None:
    drawn = Controller(PAIR.coding).draw(4000, np.random.default_rng(0))
    assert np.abs(drawn.mean(axis=0) - 0.5).max() < 0.03


@given(st.integers(0, 99))
def test_what_it_draws_is_of_the_space(seed: int) -> None:
    space = TOY.space  # with choices that are not always active
    genes = Controller(space.coding).draw(10, np.random.default_rng(seed))
    np.testing.assert_array_equal(space.encode(space.decode(genes)), genes)


def test_the_reward_is_that_of_mnasnet() -> None:
    design = TOY.space.extreme(0)

    def reward(latency_ms: float, *limits: str) -> float:
        problem = Problem(TOY.space, limits=tuple(parse_limit(it) for it in limits))
        policy = STRATEGIES["policy"](problem, 0)
        policy.tell([Scored(design, {"accuracy": 0.5, "latency_ms": latency_ms}, 0)])
        return policy.report()["reward"]

    assert reward(4.0, "latency=5ms") == 0.5
    assert reward(10.0, "latency=5ms") == 0.25
    assert reward(10.0) == 0.5  # its own median is the goal
