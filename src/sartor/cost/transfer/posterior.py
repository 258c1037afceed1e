"""The costs of a device after a few measurements: an average over distributions of devices."""

from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt

from sartor.cost.transfer.known import KnownDevices, Matrix, Vector

NOISES = (0.001, 0.003, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3)
"""Noise of a measurement that is considered, as a share of the latency."""
SPREADS = (0.1, 0.3, 1.0, 3.0)
"""How far the new device may lie from a known one, or (1, 3) from the mean of all, in units of how
far the known ones lie from one another."""
FAR = 0.5
"""Spreads above this are considered around the mean of all devices only."""
OWN = (0.0, 0.5)
"""Differences in the costs of features that no known device shows, in units of the spread."""
LEAST = 0.1
"""Latency, as a share of the mean, below which the noise does not shrink with it any more."""
NEGLIGIBLE = 1e-4
"""Candidates with less weight are left out."""


@dataclass(frozen=True, slots=True)
class Posterior:
    """What is believed of the costs of a device."""

    costs: Vector
    """Milliseconds per coordinate, (q,)."""
    covariance: Matrix
    """Of the costs, (q, q)."""
    noise_ms: float
    """Standard deviation of a measurement of a network that takes the mean of all devices."""


@dataclass(frozen=True, slots=True)
class _Candidates:
    """Every distribution of devices, `k` covariances times `c` centres, and its evidence."""

    centres: Matrix
    """Costs in units of the device's speed, (q, c)."""
    reach: Matrix
    """Covariance between costs and measurements, (q, 2n): between known devices, then alone."""
    shares: Matrix
    """Of both in the covariance between costs and measurements, (k, 2)."""
    inverses: Matrix
    """Of the covariance of the measurements, (k, n, n)."""
    expected: Matrix
    """Measurements that the centres expect, (n, c)."""
    pulls: Matrix
    """Measurements less what is expected, times the inverse, (k, n, c)."""
    speeds: Matrix
    """Units of the measurements per unit of the centres, (k, c)."""
    doubts: Matrix
    """Relative variance of the speed, (k, c)."""
    weights: Matrix
    """Probability, (k, c); sums to 1."""


def size_of(rows: Matrix, devices: int) -> Vector:
    """Return the unit of the noise: the mean of the known devices, not below a floor, (n,)."""
    size: Vector = np.maximum(rows[:, :devices].mean(1), LEAST)
    return size


def directions(known: KnownDevices) -> tuple[Matrix, Matrix]:
    """Return two covariances of costs, (q, q) each, that distributions of devices mix.

    With the first a device differs from its centre as the known ones differ from their mean: the
    shares that it has of them sum to zero. With the second features have costs of their own.
    """
    d, f = len(known.devices), len(known.centre)
    between, alone = np.zeros((d + f, d + f)), np.zeros((d + f, d + f))
    between[:d, :d] = (np.eye(d) - 1 / d) / d
    np.fill_diagonal(alone[d:, d:], known.spread**2)
    return between, alone


def posterior(known: KnownDevices, rows: Matrix, times: Vector) -> Posterior:
    """Average over all distributions of devices, weighed by how well each tells `times`, (n,)."""
    unit = float(times.mean())
    found = _weigh(known, rows, times / unit)
    costs = _mean(found)
    noise = float(np.sqrt((found.weights * found.speeds**2 * _options()[:, :1] ** 2).sum()))
    return Posterior(unit * costs, unit**2 * _covariance(known, found, costs), unit * noise)


def expectation(known: KnownDevices, rows: Matrix, times: Vector) -> Vector:
    """Return the costs of `posterior` alone, (q,)."""
    unit = float(times.mean())
    return unit * _mean(_weigh(known, rows, times / unit))


def _weigh(known: KnownDevices, rows: Matrix, y: Vector) -> _Candidates:
    """Compute the evidence of every candidate, its speed at the maximum."""
    d, n = len(known.devices), len(y)
    centres = np.zeros((rows.shape[1], d + 1))
    centres[:d] = np.hstack([np.full((d, 1), 1 / d), np.eye(d)])
    expected = rows @ centres  # (n, c)
    between, alone = _reach(known, rows)
    noise, spread, own = _options().T
    shares = np.stack([spread**2, (spread * own) ** 2], 1)  # (k, 2)
    covariance = np.tensordot(shares, np.stack([rows @ between, rows @ alone]), 1)  # (k, n, n)
    covariance += noise[:, None, None] ** 2 * np.diag(size_of(rows, d) ** 2)
    inverses = np.linalg.inv(covariance)
    # With u for 1 / speed, log p(y) = n log u - |u y - m|^2 / 2 + ... is greatest where
    # u^2 y'y - u y'm - n = 0; products are those of the inverse covariance.
    weighted = inverses @ expected  # (k, n, c)
    yy = (inverses @ y @ y)[:, None]
    ym = y @ weighted
    mm = (expected * weighted).sum(1)
    u = (ym + np.sqrt(ym**2 + 4 * n * yy)) / (2 * yy)
    evidence = n * np.log(u) - (u**2 * yy - 2 * u * ym + mm) / 2
    evidence -= np.linalg.slogdet(covariance)[1][:, None] / 2
    # The mean of all devices is as probable beforehand as all of them together.
    evidence[:, 1:] -= np.log(d)
    evidence[spread > FAR, 1:] = -np.inf
    weights = np.exp(evidence - evidence.max())
    weights[weights <= NEGLIGIBLE * weights.sum()] = 0
    return _Candidates(
        centres=centres,
        reach=np.hstack([between, alone]),
        shares=shares,
        inverses=inverses,
        expected=expected,
        pulls=u[:, None] * (inverses @ y)[:, :, None] - weighted,
        speeds=1 / u,
        doubts=1 / (n + u**2 * yy),
        weights=weights / weights.sum(),
    )


def _reach(known: KnownDevices, rows: Matrix) -> tuple[Matrix, Matrix]:
    """Return both `directions` times the measured rows, (q, n), without their many zeros."""
    d = len(known.devices)
    between, alone = np.zeros(rows.T.shape), np.zeros(rows.T.shape)
    between[:d] = (rows[:, :d] - rows[:, :d].mean(1, keepdims=True)).T / d
    alone[d:] = (rows[:, d:] * known.spread**2).T
    return between, alone


def _options() -> Matrix:
    """List noise, spread and own differences of all covariances, (k, 3)."""
    return np.array(list(product(NOISES, SPREADS, OWN)))


def _mean(found: _Candidates) -> Vector:
    """Return the costs on average, (q,)."""
    scaled = found.weights * found.speeds  # (k, c)
    pull = (found.pulls * scaled[:, None]).sum(2)  # (k, n)
    mean: Vector = found.centres @ scaled.sum(0) + found.reach @ (found.shares.T @ pull).ravel()
    return mean


def _covariance(known: KnownDevices, found: _Candidates, costs: Vector) -> Matrix:
    """Return the covariance of an average: that within candidates and that between them."""
    weight = found.weights
    square = (weight * found.speeds**2).sum(1)  # (k,)
    between, alone = directions(known)
    share = square @ found.shares
    told = np.einsum("k,ka,kb,kij->aibj", square, found.shares, found.shares, found.inverses)
    told = told.reshape(found.reach.shape[1], -1)  # (2n, 2n)
    total = share[0] * between + share[1] * alone - found.reach @ told @ found.reach.T
    k, c = np.nonzero(weight)
    speeds, centres = found.speeds[k, c], found.centres[:, c]
    apart = centres + found.reach @ _spread_out(found, found.pulls[k, :, c], k)
    apart = (apart * speeds - costs[:, None]) * np.sqrt(weight[k, c])
    # The derivative of the costs by the logarithm of the speed.
    lean = (found.inverses[k] @ found.expected.T[c][:, :, None])[:, :, 0]
    drift = centres - found.reach @ _spread_out(found, lean, k)
    drift = drift * speeds * np.sqrt(weight[k, c] * found.doubts[k, c])
    covariance: Matrix = total + apart @ apart.T + drift @ drift.T
    return covariance


def _spread_out(found: _Candidates, pulls: Matrix, k: npt.NDArray[np.int64]) -> Matrix:
    """Return weights of the columns of `reach`, (2n, m), for `pulls`, (m, n), and covariances."""
    parts: Matrix = (found.shares[k][:, :, None] * pulls[:, None]).reshape(len(pulls), -1).T
    return parts
