"""A device that was never seen is told from few measurements and from devices that were."""

import csv
import gzip
import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr

from sartor.cost import transfer
from sartor.errors import DamagedFileError, DataError, OptionError

Array = npt.NDArray[np.float64]
NETWORKS, KINDS, DEVICES = 400, 5, 6
OPERATORS = ("none", "skip_connect", "avg_pool_3x3", "nor_conv_1x1", "nor_conv_3x3")


def counts(seed: int = 0) -> Array:
    """Operators of networks, by kind."""
    return np.random.default_rng(seed).poisson(6, (NETWORKS, KINDS)).astype(float)


def devices(features: Array, noise: float = 0.0, seed: int = 1) -> dict[str, Array]:
    """Devices on which every kind of operator has its own cost."""
    rng = np.random.default_rng(seed)
    return {
        f"device{number}": (1 + features @ rng.uniform(0.2, 2.0, KINDS))
        * np.exp(noise * rng.standard_normal(NETWORKS))
        for number in range(DEVICES)
    }


def predicted(known: dict[str, Array], times: Array, measured: Array | range) -> Array:
    """Latencies of all networks, fitted to those that were measured."""
    learned = transfer.learn(counts(), known)
    rows = learned.describe(counts(), known)
    few = np.asarray(measured, dtype=np.int64)
    return transfer.fit(learned, rows[few], times[few]).latency_ms(rows)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.floats(0.05, 10), min_size=DEVICES, max_size=DEVICES), st.integers(0, 99))
def test_a_combination_of_known_devices_is_predicted_from_ten(
    shares: list[float], first: int
) -> None:
    known = devices(counts())
    times = np.stack(list(known.values()), 1) @ np.array(shares)
    np.testing.assert_allclose(predicted(known, times, range(first, first + 10)), times, rtol=0.02)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.floats(0.2, 2.0), min_size=KINDS, max_size=KINDS), st.integers(0, 99))
@example([0.5, 0.5, 0.25, 1.0, 2.0], 0)  # farther from all known devices than they are apart
def test_a_device_whose_operators_add_up_is_predicted_from_ten(
    costs: list[float], first: int
) -> None:
    times = 1 + counts() @ np.array(costs)
    found = predicted(devices(counts()), times, range(first, first + 10))
    error = np.abs(found / times - 1)
    assert np.median(error) < 0.03
    assert error.max() < 0.15


def test_costs_that_one_known_device_does_not_show_are_learned() -> None:
    times = 1 + counts() @ np.array([0.4, 1.5, 0.3, 0.8, 1.0])
    one = {"only": 1 + counts() @ np.ones(KINDS)}
    error = np.abs(predicted(one, times, range(10)) / times - 1)
    blind = np.abs(one["only"] * np.mean(times[:10] / one["only"][:10]) / times - 1)
    assert np.median(error) < np.median(blind) / 5


def test_what_only_the_known_devices_share_is_used() -> None:
    hidden = np.exp(np.random.default_rng(5).normal(0, 0.4, NETWORKS))
    known = {name: it * hidden for name, it in devices(counts(), 0.02).items()}
    times = (1 + counts() @ np.array([0.4, 1.5, 0.3, 0.8, 1.0])) * hidden
    found = predicted(known, times, range(10))
    assert spearmanr(found[10:], times[10:]).statistic > 0.97


def test_noise_of_one_known_device_is_left_out() -> None:
    exact = devices(counts())
    noisy = devices(counts(), noise=0.2)
    learned = transfer.learn(counts(), noisy)
    rows = learned.describe(counts(), noisy)
    for column, name in enumerate(exact):
        away = np.std(rows[:, column] / exact[name] * exact[name].mean())
        assert away < np.std(noisy[name] / exact[name]) / 2


@settings(max_examples=20, deadline=None)
@given(st.floats(1e-3, 1e3))
def test_predictions_have_the_unit_of_the_measurements(unit: float) -> None:
    known = devices(counts(), 0.05)
    times = devices(counts(), 0.05, seed=2)["device0"]
    once, again = (predicted(known, it, range(10)) for it in (times, unit * times))
    np.testing.assert_allclose(again, unit * once, rtol=1e-6)


def test_units_of_known_devices_do_not_matter() -> None:
    known = devices(counts(), 0.05)
    times = devices(counts(), 0.05, seed=2)["device0"]
    seconds = {name: it / 1e3 for name, it in known.items()}
    once, again = (predicted(it, times, range(10)) for it in (known, seconds))
    np.testing.assert_allclose(again, once, rtol=1e-6)


def test_the_order_of_networks_does_not_matter() -> None:
    known = devices(counts(), 0.05)
    times = devices(counts(), 0.05, seed=2)["device0"]
    once = predicted(known, times, range(10))
    np.testing.assert_allclose(predicted(known, times, range(9, -1, -1)), once, rtol=1e-6)
    order = np.random.default_rng(3).permutation(NETWORKS)
    learned = transfer.learn(counts()[order], {name: it[order] for name, it in known.items()})
    rows = learned.describe(counts(), known)
    np.testing.assert_allclose(
        transfer.fit(learned, rows[:10], times[:10]).latency_ms(rows), once, rtol=1e-6
    )


def test_measurements_fall_into_the_intervals() -> None:
    known = devices(counts(), 0.05)
    learned = transfer.learn(counts(), known)
    rows = learned.describe(counts(), known)
    inside = []
    for seed in range(2, 22):
        times = devices(counts(), 0.05, seed)["device0"]
        model = transfer.fit(learned, rows[:10], times[:10])
        expected = model.interval(rows[10:])
        inside.append(np.mean((expected.low_ms <= times[10:]) & (times[10:] <= expected.high_ms)))
        assert (expected.low_ms <= model.latency_ms(rows[10:])).all()
    assert 0.9 < np.mean(inside) < 0.995


def test_leaving_out_tells_a_good_fit_from_a_bad_one() -> None:
    known = devices(counts(), 0.01)
    learned = transfer.learn(counts(), known)
    rows = learned.describe(counts(), known)
    like = devices(counts(), 0.01, seed=2)["device0"]
    unlike = np.random.default_rng(4).uniform(5, 50, NETWORKS)
    good, bad = (transfer.fit(learned, rows[:10], times[:10]).error for times in (like, unlike))
    assert (good.networks_fitted, good.networks_held_out) == (9, 10)
    assert good.median_error < 0.05
    assert bad.median_error > 5 * good.median_error


def test_a_measurement_left_out_is_not_used() -> None:
    known = devices(counts(), 0.01)
    learned = transfer.learn(counts(), known)
    rows = learned.describe(counts(), known)[:10]
    times = devices(counts(), 0.01, seed=2)["device0"][:10]
    others = transfer.fit(learned, rows[1:], times[1:]).latency_ms(rows[:1])[0]
    errors = np.abs(
        [
            transfer.fit(learned, np.delete(rows, it, 0), np.delete(times, it)).latency_ms(rows)[it]
            / times[it]
            - 1
            for it in range(10)
        ]
    )
    assert errors[0] == pytest.approx(abs(others / times[0] - 1))
    found = transfer.fit(learned, rows, times).error.median_error
    assert found == pytest.approx(np.median(errors), rel=1e-6)


def test_a_model_survives_json() -> None:
    known = devices(counts(), 0.05)
    learned = transfer.learn(counts(), known)
    rows = learned.describe(counts(), known)
    model = transfer.fit(learned, rows[:10], known["device0"][:10] * 1.1)
    again = transfer.UnseenDevice.from_json(json.loads(json.dumps(model.to_json())))
    np.testing.assert_array_equal(again.known.describe(counts(), known), rows)
    np.testing.assert_array_equal(again.latency_ms(rows), model.latency_ms(rows))
    np.testing.assert_array_equal(again.interval(rows).high_ms, model.interval(rows).high_ms)
    assert again.error == model.error


@pytest.mark.parametrize("part", ["version", "known", "costs", "covariance", "noise_ms", "error"])
def test_a_damaged_model_is_refused(part: str) -> None:
    known = devices(counts())
    learned = transfer.learn(counts(), known)
    rows = learned.describe(counts(), known)
    plain = transfer.fit(learned, rows[:10], known["device0"][:10]).to_json()
    for damaged in ({k: v for k, v in plain.items() if k != part}, plain | {part: [1.0]}):
        with pytest.raises(DamagedFileError, match="this "):
            transfer.UnseenDevice.from_json(damaged)


def with_first(value: float) -> Callable[[Array], Array]:
    """Replace the first latency."""
    return lambda times: np.concatenate([[value], times[1:]])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (with_first(np.nan), "must be positive and finite"),
        (with_first(np.inf), "must be positive and finite"),
        (with_first(0.0), "must be positive and finite"),
        (with_first(-1.0), "must be positive and finite"),
        (lambda times: times[1:], r"shape \(\d+,\); \d+ networks were given"),
        (lambda times: times[:, None], "networks were given"),
    ],
)
def test_latencies_that_are_none_are_refused(
    change: Callable[[Array], Array], message: str
) -> None:
    known = devices(counts())
    learned = transfer.learn(counts(), known)
    rows = learned.describe(counts(), known)
    with pytest.raises(DataError, match=message):
        transfer.fit(learned, rows[:10], change(known["device0"][:10]))
    with pytest.raises(DataError, match=message):
        transfer.learn(counts(), known | {"device3": change(known["device3"])})


def test_too_little_is_refused() -> None:
    known = devices(counts())
    learned = transfer.learn(counts(), known)
    rows = learned.describe(counts(), known)
    with pytest.raises(DataError, match="at least 3 networks; got 2"):
        transfer.fit(learned, rows[:2], known["device0"][:2])
    with pytest.raises(DataError, match="at least 3 networks; got 2"):
        transfer.learn(counts()[:2], {name: it[:2] for name, it in known.items()})
    with pytest.raises(DataError, match="no known device"):
        transfer.learn(counts(), {})
    with pytest.raises(DataError, match="'device5' are missing"):
        learned.describe(counts(), {name: known[name] for name in list(known)[:5]})
    with pytest.raises(DataError, match="4 columns; the known devices were learned with 5"):
        learned.describe(counts()[:, 1:], known)
    with pytest.raises(DataError, match="describe"):
        transfer.fit(learned, rows[:10, 1:], known["device0"][:10])
    with pytest.raises(DataError, match="finite numbers"):
        transfer.learn(np.full((NETWORKS, 2), np.nan), known)
    for count in (0, NETWORKS + 1):
        with pytest.raises(OptionError, match="allowed: 1 to the number of networks, 400"):
            transfer.choose(learned, rows, count)


def test_three_networks_and_constant_features_are_enough() -> None:
    known = devices(counts())
    constant = np.hstack([counts(), np.ones((NETWORKS, 1))])
    learned = transfer.learn(constant, known)
    rows = learned.describe(constant, known)
    model = transfer.fit(learned, rows[:3], 2 * known["device2"][:3])
    assert spearmanr(model.latency_ms(rows), known["device2"]).statistic > 0.95


def test_equal_latencies_have_no_rank_correlation() -> None:
    known = devices(counts())
    learned = transfer.learn(counts(), known)
    rows = learned.describe(counts(), known)
    model = transfer.fit(learned, rows[:5], np.full(5, 20.0))
    assert model.error.rank_correlation is None
    assert np.isfinite(model.latency_ms(rows)).all()


def test_chosen_networks_tell_more_than_random_ones() -> None:
    known = devices(counts(), 0.05)
    learned = transfer.learn(counts(), known)
    rows = learned.describe(counts(), known)
    chosen = transfer.choose(learned, rows, 6)
    assert len(set(chosen.tolist())) == 6
    rng = np.random.default_rng(0)
    better = []
    for seed in range(2, 22):
        times = devices(counts(), 0.05, seed)["device0"]
        drawn = rng.choice(NETWORKS, 6, replace=False)
        errors = [
            np.median(
                np.abs(transfer.fit(learned, rows[it], times[it]).latency_ms(rows) / times - 1)
            )
            for it in (chosen, drawn)
        ]
        better.append(errors[0] < errors[1])
    assert np.mean(better) > 0.6


@pytest.mark.data
def test_devices_of_nasbench201_are_told_from_ten_networks(measuring_data: Path) -> None:
    path = measuring_data / "nasbench201" / "nb201_accuracy_latency.csv.gz"
    with gzip.open(path, "rt", newline="") as file:
        lines = list(csv.DictReader(file))[::5]
    cells = [re.findall(r"([a-z_0-9]+)~", line["arch_str"]) for line in lines]
    features = np.array([[float(cell.count(it)) for it in OPERATORS] for cell in cells])
    latencies = {
        name: np.array([float(line[name]) for line in lines])
        for name in lines[0]
        if name.startswith("lat_")
    }
    ranks = []
    for device, times in latencies.items():
        known = {name: it for name, it in latencies.items() if name != device}
        learned = transfer.learn(features, known)
        rows = learned.describe(features, known)
        for seed in range(5):
            few = np.random.default_rng(seed).choice(len(lines), 10, replace=False)
            found = transfer.fit(learned, rows[few], times[few]).latency_ms(rows)
            ranks.append(spearmanr(found, times).statistic)
    assert np.mean(ranks) > 0.94
