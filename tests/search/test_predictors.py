"""Accuracy predictors: they rank designs that they never saw."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from toy import Toy, spearman

from sartor.search import Predictor, rank_correlation
from sartor.search.predictors import Encoder

TOY = Toy()
Numbers = npt.NDArray[np.float64]


def encoded(count: int, seed: int) -> tuple[Numbers, Numbers]:
    rng = np.random.default_rng(seed)
    designs = [TOY.space.sample(rng) for _ in range(count)]
    features = Encoder(TOY.space.coding)(TOY.space.encode(designs), TOY.estimate(designs))
    return features, np.array([TOY.accuracy(design) for design in designs])


def test_it_ranks_designs_it_never_saw_and_says_how_well() -> None:
    features, values = encoded(80, 0)
    predictor = Predictor(seed=0).fit(features, values)
    unseen, truth = encoded(200, 1)
    found = rank_correlation(predictor.predict(unseen).expected, truth)
    assert found > 0.97
    assert predictor.rank_correlation == pytest.approx(found, abs=0.03)
    assert predictor.error < 0.3 * values.std()


def test_the_reported_correlation_of_noise_is_low() -> None:
    features, values = encoded(80, 0)
    shuffled = np.random.default_rng(0).permutation(values)
    assert abs(Predictor(seed=0).fit(features, shuffled).rank_correlation) < 0.35


def test_most_true_values_lie_within_two_deviations() -> None:
    features, values = encoded(60, 0)
    prediction = Predictor(seed=0).fit(features, values).predict(encoded(200, 1)[0])
    truth = encoded(200, 1)[1]
    within = (truth >= prediction.at(-2)) & (truth <= prediction.at(2))
    assert within.mean() > 0.8
    assert (prediction.at(1) >= prediction.expected).all()


def test_a_few_broken_designs_do_not_spoil_the_ranking_of_the_others() -> None:
    features, values = encoded(80, 0)
    values[::8] = 0.1
    unseen, truth = encoded(200, 1)
    predictor = Predictor(seed=0).fit(features, values)
    assert rank_correlation(predictor.predict(unseen).expected, truth) > 0.7


@pytest.mark.parametrize("count", [1, 2, 5, 9, 31])
def test_few_trials_are_enough_to_say_something(count: int) -> None:
    features, values = encoded(count, 0)
    expected = Predictor(seed=0).fit(features, values).predict(features).expected
    assert np.isfinite(expected).all()
    assert expected.shape == (count,)


def test_equal_values_are_predicted_as_they_are() -> None:
    features, values = encoded(20, 0)
    same = np.full_like(values, 0.5)
    assert Predictor(seed=0).fit(features, same).predict(features).expected == pytest.approx(0.5)


def test_nothing_is_predicted_for_no_designs() -> None:
    features, values = encoded(20, 0)
    assert Predictor(seed=0).fit(features, values).predict(features[:0]).expected.shape == (0,)


def test_nothing_and_nan_are_refused() -> None:
    features, values = encoded(4, 0)
    with pytest.raises(ValueError, match="at least one value"):
        Predictor(seed=0).fit(features[:0], values[:0])
    values[1] = np.nan
    with pytest.raises(ValueError, match="not finite"):
        Predictor(seed=0).fit(features, values)


@given(
    values=st.lists(st.integers(-99, 99), min_size=3, max_size=20, unique=True),
    seed=st.integers(0, 99),
)
def test_rank_correlation_is_that_of_the_textbook(values: list[int], seed: int) -> None:
    other = np.random.default_rng(seed).permutation(len(values)).astype(float)
    one = np.array(values, float)
    assert rank_correlation(one, other) == pytest.approx(spearman(one, other))  # type: ignore[arg-type]


def test_rank_correlation_with_a_constant_is_nothing() -> None:
    assert rank_correlation(np.ones(4), np.arange(4.0)) == 0
