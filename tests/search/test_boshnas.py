"""BOSHNAS: a surrogate that tells noise from ignorance, and gradients that lead to good designs."""

import numpy as np
import numpy.typing as npt
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from toy import Toy

from sartor.search import Problem, Scored
from sartor.search.ascent import Bound, ascended
from sartor.search.heteroscedastic import Surrogate
from sartor.search.history import History
from sartor.search.protocol import STRATEGIES
from sartor.search.strategies import boshnas
from sartor.space import Choice, Genes, Space
from sartor.units import parse_limit

TOY = Toy()
SPACE = Space([Choice("x", tuple(range(8)), ordered=True), Choice("y", ("a", "b", "c"))])
Numbers = npt.NDArray[np.float64]


def noisy(count: int, seed: int) -> tuple[Numbers, Numbers]:
    """One input from -1 to 1, of which the target is the sine, noisy on the right alone."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(-1, 1, (count, 1))
    return x, np.sin(2 * x) + np.where(x > 0, 0.4, 0.02) * rng.standard_normal((count, 1))


@pytest.fixture(scope="module")
def surrogate() -> Surrogate:
    return Surrogate(*noisy(400, 0), np.linspace(-4, 4, 81)[:, None], 0)


def test_the_surrogate_learns_the_mean_and_where_it_is_noisy(surrogate: Surrogate) -> None:
    belief = surrogate(torch.tensor([[-0.75], [-0.25], [0.25], [0.75]], dtype=torch.float64))
    np.testing.assert_allclose(belief.mean[:2, 0], np.sin([-1.5, -0.5]), atol=0.1)
    np.testing.assert_allclose(belief.mean[2:, 0], np.sin([0.5, 1.5]), atol=0.25)
    assert belief.noise[:2].max() < 0.2
    np.testing.assert_allclose(belief.noise[2:, 0], 0.4, rtol=0.4)


def test_it_knows_least_where_there_are_no_trials(surrogate: Surrogate) -> None:
    inside, outside = (
        surrogate(torch.tensor(rows, dtype=torch.float64)[:, None]).ignorance.mean()
        for rows in ([-0.8, -0.4, 0.0, 0.4, 0.8], [-4.0, -3.0, 3.0, 4.0])
    )
    assert outside > 1.5 * inside


def test_the_same_seed_learns_the_same_and_leaves_torch_s_own_randomness_alone() -> None:
    torch.manual_seed(3)
    first = torch.rand(1)
    torch.manual_seed(3)
    x, y = noisy(20, 1)
    one, other = Surrogate(x, y, x[:0], 5), Surrogate(x, y, x[:0], 5)
    at = torch.zeros(1, 1, dtype=torch.float64)
    assert one(at).mean == other(at).mean
    assert one(at).mean != Surrogate(x, y, x[:0], 6)(at).mean
    assert torch.rand(1) == first


@given(st.lists(st.floats(-0.5, 1.5), min_size=3, max_size=3))
@settings(max_examples=10)
def test_the_ascent_finds_the_top_within_bounds(top: list[float]) -> None:
    def score(inputs: torch.Tensor) -> torch.Tensor:
        return -((inputs - torch.tensor(top)) ** 2).sum(dim=1)

    starts = np.random.default_rng(0).random((5, 3))
    np.testing.assert_allclose(ascended(score, starts), [np.clip(top, 0, 1)] * 5, atol=0.1)


def bound(problem: Problem, count: int = 4, seed: int = 0) -> tuple[Bound, History]:
    history = History(problem, seed)
    genes = problem.coding.drawn(120, np.random.default_rng(seed))
    designs = problem.space.decode(np.unique(genes, axis=0))
    history.tell([Scored(design, TOY.evaluate(design), 0) for design in designs])
    return Bound(history, genes[:0], count, np.random.default_rng(seed)), history


def test_inputs_are_options_and_come_back_as_the_design() -> None:
    searched, history = bound(TOY.problem())
    inputs = searched.inputs(history.genes)
    assert inputs.sum(axis=1).tolist() == TOY.space.coding.active(history.genes).sum(1).tolist()
    np.testing.assert_array_equal(searched.nearest(inputs), history.genes)
    blurred = np.clip(inputs + np.random.default_rng(0).uniform(-0.4, 0.4, inputs.shape), 0, 1)
    np.testing.assert_array_equal(searched.nearest(blurred), history.genes)


def test_the_performance_is_the_largest_weighted_distance_from_the_best() -> None:
    searched, history = bound(TOY.problem(), count=50)
    best = [int(np.argmax(searched.measured(seeker))) for seeker in range(50)]
    costs = history.costs()
    # Each weighing prefers one of the front, and together they prefer many of it.
    beaten = (costs[:, None] <= costs[best][None]).all(axis=2) & (
        (costs[:, None] < costs[best][None]).any(axis=2)
    )
    assert not beaten.any()
    assert len(set(best)) > 3


def test_the_bound_is_above_the_mean_and_rises_along_the_ascent() -> None:
    searched, history = bound(TOY.problem())
    starts = searched.inputs(history.genes[:4])
    seekers = np.arange(4)
    climbed = searched.ascended(starts, seekers)
    assert (searched.of(climbed, seekers) > searched.of(starts, seekers)).all()


def test_missing_a_limit_that_is_only_measured_is_worse_than_any_cost() -> None:
    limit = parse_limit("latency=2ms")
    searched, history = bound(Problem(TOY.space, limits=(limit,)))
    performance = searched.measured(0)
    latency = history.values("latency_ms")
    assert performance[latency <= 2].min() > performance[latency > 3].max()


def test_a_goal_leads_to_the_nearest_design_that_is_left() -> None:
    coding = SPACE.coding
    problem = Problem(SPACE, {"accuracy": "max"})
    history = History(problem, 0)
    told = SPACE.decode(coding.every()[::5])
    history.tell([Scored(it, {"accuracy": it.integer("x") / 8}, 0) for it in told])
    left: Genes = coding.every()[~history.met.knows(coding.every())]
    searched = Bound(history, left, 1, np.random.default_rng(0))
    goals = np.random.default_rng(1).random((1, boshnas.STARTS, 11))
    inputs = searched.inputs(left)
    nearest = {int(((it - inputs) ** 2).sum(axis=1).argmin()) for it in goals[0]}

    class Never(np.random.Generator):
        """Chooses neither for uncertainty nor for diversity."""

        def random(self, *_: object, **__: object) -> Numbers:  # type: ignore[override]
            return np.ones(1)

    rng = Never(np.random.PCG64(0))
    assert boshnas._chosen(searched, goals, left, len(left), rng)[0] in nearest


@pytest.mark.slow
def test_a_search_finds_what_is_accurate_sooner_than_chance() -> None:
    def best(strategy: str, seed: int) -> float:
        asker = STRATEGIES[strategy](Problem(TOY.space, {"accuracy": "max"}), seed)
        found = 0.0
        for number in range(4):
            batch = asker.ask(16)
            told = [Scored(it, {"accuracy": TOY.accuracy(it)}, number) for it in batch]
            found = max([found, *(it.values["accuracy"] for it in told)])
            asker.tell(told)
        return found

    for seed in range(3):
        assert best("boshnas", seed) > best("random", seed)
