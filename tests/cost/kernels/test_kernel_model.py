"""A sum of kernels is predicted, each with its own uncertainty."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import network, pointwise, sample, true_time

from sartor.cost.kernels.features import QUANTITIES, quantities
from sartor.cost.kernels.kernel import Kernel
from sartor.cost.kernels.model import KernelModel, fit
from sartor.cost.kernels.pace import at_pace, paced
from sartor.errors import DataError

NUMBER = 150


@pytest.fixture(scope="module")
def model() -> KernelModel:
    samples = [sample(seed, noise=0.01) for seed in range(NUMBER)]
    return fit(samples, paced(samples)[0])


def test_networks_that_were_not_fitted_are_predicted_within_5_percent(model: KernelModel) -> None:
    new = [network(seed) for seed in range(1000, 1100)]
    truth = np.array([sum(map(true_time, it)) + 0.003 for it in new])
    found = model.predict(new)
    error = np.abs(np.array([it.milliseconds for it in found]) / truth - 1)
    assert np.mean(error < 0.05) >= 0.95
    inside = [p.low_ms <= t <= p.high_ms for p, t in zip(found, truth, strict=True)]
    assert np.mean(inside) >= 0.9
    assert all(it.coverage == it.macs_coverage == 1 and not it.unknown for it in found)


def test_an_unknown_operator_lowers_the_coverage_and_never_counts_as_zero(
    model: KernelModel,
) -> None:
    known = network(1000)
    strange = Kernel("onnxruntime", "Einsum", "fp32", "", read=10**6, written=10**6)
    before, after = model.predict([known, (*known, strange)])
    assert after.milliseconds > before.milliseconds
    assert after.coverage < before.coverage == 1
    assert after.macs_coverage == 1  # it multiplies nothing, as far as is known
    assert after.unknown == ("Einsum fp32",)
    assert after.high_ms - after.low_ms > before.high_ms - before.low_ms


def test_a_network_of_unknown_operators_alone_has_a_wide_interval_above_zero(
    model: KernelModel,
) -> None:
    (found,) = model.predict([(Kernel("onnxruntime", "Einsum", "int8", "", read=5, written=5),)])
    assert found.milliseconds > 0
    assert found.coverage == 0
    assert 0 < found.low_ms < 0.5 * found.milliseconds
    assert found.high_ms > 2 * found.milliseconds


def test_unknown_multiply_adds_are_told(model: KernelModel) -> None:
    strange = replace(pointwise(14, 64, 64), kind="Winograd")
    (found,) = model.predict([(pointwise(14, 64, 64), strange)])
    assert found.macs_coverage == pytest.approx(0.5)


@settings(max_examples=30)
@given(seed=st.integers(0, 10**6), more=st.integers(0, 10**6))
def test_one_network_after_another_takes_longer_than_each(seed: int, more: int) -> None:
    one, other = network(seed), network(more)
    first, second, both = MODEL.predict([one, other, one + other])
    assert both.milliseconds > max(first.milliseconds, second.milliseconds)
    for it in (first, second, both):
        assert 0 < it.low_ms <= it.milliseconds <= it.high_ms


@settings(max_examples=30)
@given(seed=st.integers(0, 10**6), others=st.lists(st.integers(0, 10**6), max_size=3))
def test_what_is_predicted_along_with_a_network_changes_nothing(
    seed: int, others: list[int]
) -> None:
    (alone,) = MODEL.predict([network(seed)])
    together = MODEL.predict([network(it) for it in (seed, *others)])[0]
    assert together.milliseconds == pytest.approx(alone.milliseconds, rel=1e-9)
    assert together.high_ms == pytest.approx(alone.high_ms, rel=1e-6)


def test_one_mistimed_network_spoils_nothing() -> None:
    samples = [sample(seed, noise=0.01) for seed in range(NUMBER)]
    samples[7] = replace(samples[7], milliseconds=20 * samples[7].milliseconds)
    spoiled = fit(samples, paced(samples)[0])
    new = [network(seed) for seed in range(1000, 1040)]
    truth = np.array([sum(map(true_time, it)) + 0.003 for it in new])
    error = np.abs(np.array([it.milliseconds for it in spoiled.predict(new)]) / truth - 1)
    assert np.mean(error < 0.1) >= 0.9


def test_slow_moments_of_the_machine_leave_no_trace() -> None:
    quiet = [sample(seed) for seed in range(40)]
    busy = [sample(seed, pace=1.6 if seed % 3 == 0 else 1.0) for seed in range(40)]
    times, pace = paced(busy)
    np.testing.assert_allclose(times, paced(quiet)[0])
    assert pace == (1.0, 1.0)


def test_a_network_is_brought_to_the_pace_of_anchors_as_long_as_it_is() -> None:
    usual, slow = (1.0, 16.0), (2.0, 16.0 * 1.5)
    milliseconds = np.array([0.2, 1.0, 4.0, 16.0, 90.0])
    slower = [2.0, 2.0, (2.0 * 1.5) ** 0.5, 1.5, 1.5]
    found = at_pace(milliseconds, np.array([slow] * 5), usual)
    np.testing.assert_allclose(found, milliseconds / slower)


def test_networks_of_a_slow_machine_count_less() -> None:
    """What slows it slows kernels unlike, by more than timing in a quiet moment is off."""
    rng = np.random.default_rng(0)
    samples = [
        replace(
            it, pace=(1.6, 1.6), milliseconds=it.milliseconds * 1.6 * 1.1 ** rng.standard_normal()
        )
        if seed % 3 == 0
        else it
        for seed, it in enumerate(sample(seed, noise=0.01) for seed in range(NUMBER))
    ]
    fitted = fit(samples, paced(samples, (1.0, 1.0))[0])
    assert np.median(fitted.noise[::3]) > 2 * np.median(fitted.noise[1::3])


def test_anchors_that_are_off_for_some_networks_leave_little_trace() -> None:
    """Their place in memory moves their time by some percent, for all that is timed beside them."""
    rng = np.random.default_rng(0)
    samples = []
    for chunk in range(NUMBER // 6):
        off = float(1 + 0.04 * rng.standard_normal())
        samples += [
            replace(it, pace=(it.pace[0] * off, it.pace[1] * off))
            for it in (sample(seed, noise=0.01) for seed in range(6 * chunk, 6 * chunk + 6))
        ]
    fitted = fit(samples, paced(samples)[0])
    new = [network(seed) for seed in range(1000, 1100)]
    truth = np.array([sum(map(true_time, it)) + 0.003 for it in new])
    error = np.array([it.milliseconds for it in fitted.predict(new)]) / truth - 1
    assert np.mean(np.abs(error - np.median(error)) < 0.05) >= 0.9


@pytest.mark.parametrize(
    ("width", "taps", "stride", "singles"),
    [
        (14, 9, 1, 14 * 2),  # two at the ends, twelve in two groups
        (15, 9, 1, 15 * 3),
        (14, 25, 1, 14 * 8),  # four at the ends, ten inside: four are left over
        (3, 25, 1, 9),  # all lie at an end
        (14, 9, 2, 14 * 2),  # one at the left end; one of thirteen is left over
    ],
)
def test_pixels_at_the_ends_of_a_row_are_computed_one_by_one(
    width: int, taps: int, stride: int, singles: int
) -> None:
    one = replace(
        pointwise(width, 16, 16), form="dense in blocks", taps=taps, stride=stride, inner=16 * taps
    )
    place = QUANTITIES.index("single")
    assert quantities(one)[place] == pytest.approx(singles * 16 * taps * 16 / 1e6)


def test_too_few_networks_are_refused() -> None:
    samples = [sample(seed) for seed in range(11)]
    with pytest.raises(DataError, match="needs 12 networks; got 11"):
        fit(samples, paced(samples)[0])


def test_a_network_that_executes_nothing_is_refused(model: KernelModel) -> None:
    with pytest.raises(DataError, match="without kernels"):
        model.predict([network(1), ()])


SAMPLES = [sample(seed, noise=0.01) for seed in range(60)]
MODEL = fit(SAMPLES, paced(SAMPLES)[0])
