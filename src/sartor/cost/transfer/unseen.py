"""The latency of networks on a device where only a few were measured."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from sartor.cost.prediction import LatencyError, error_of
from sartor.cost.transfer.known import FEWEST, KnownDevices, Matrix, Vector, positive
from sartor.cost.transfer.posterior import expectation, posterior, size_of
from sartor.errors import DamagedFileError, DataError

FLOOR = 1e-3
"""Predictions are no smaller than this share of the device's mean latency."""
VERSION = 1


@dataclass(frozen=True, slots=True)
class Interval:
    """Where 19 of 20 measurements are expected, (n,) each."""

    low_ms: Vector
    high_ms: Vector


@dataclass(frozen=True, slots=True)
class UnseenDevice:
    """Predicts milliseconds on a device on which only a few networks were measured.

    Latencies are a linear function of the coordinates that `KnownDevices.describe` returns.
    """

    known: KnownDevices
    costs: Vector
    """Milliseconds per coordinate, (d + f,)."""
    covariance: Matrix
    """Of the costs, (d + f, d + f)."""
    noise_ms: float
    """Standard deviation of a measurement of a network that takes the mean of the known devices."""
    error: LatencyError
    """How far each measured network was off when the others alone were used."""

    def latency_ms(self, rows: Matrix) -> Vector:
        """Return milliseconds, (n,), of networks with these coordinates, (n, d + f)."""
        floor = FLOOR * self.costs[: len(self.known.devices)].sum()
        return np.maximum(rows @ self.costs, max(float(floor), 1e-12))

    def interval(self, rows: Matrix) -> Interval:
        """Return where measurements are expected, for networks with these coordinates.

        Simplified: the mixture of candidates is taken for Student's distribution with one degree of
        freedom less than networks were measured.
        """
        from scipy.stats import t

        middle = self.latency_ms(rows)
        size = size_of(rows, len(self.known.devices))
        variance = ((rows @ self.covariance) * rows).sum(1) + (self.noise_ms * size) ** 2
        half = t.ppf(0.975, self.error.networks_held_out - 1) * np.sqrt(variance)
        return Interval(np.maximum(middle - half, 0.0), middle + half)

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        return {
            "version": VERSION,
            "known": self.known.to_json(),
            "costs": self.costs.tolist(),
            "covariance": self.covariance.tolist(),
            "noise_ms": self.noise_ms,
            "error": self.error.to_json(),
        }

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> "UnseenDevice":
        """Read what `to_json` wrote.

        Raises:
            DamagedFileError: Something is missing, no number, of the wrong size, or of another
                version.
        """
        try:
            if plain["version"] != VERSION:
                raise ValueError(f"version {plain['version']} in place of {VERSION}")
            costs = np.array(plain["costs"], float)
            known = KnownDevices.from_json(plain["known"])
            if len(costs) != len(known.devices) + len(known.centre):
                raise ValueError(f"{len(costs)} costs do not fit the known devices")
            covariance = np.array(plain["covariance"], float).reshape(len(costs), len(costs))
            noise = float(plain["noise_ms"])
            return cls(known, costs, covariance, noise, LatencyError(**plain["error"]))
        except (KeyError, TypeError, ValueError) as error:
            raise DamagedFileError(f"this is no model of a device: {error}.") from error


def fit(known: KnownDevices, rows: Matrix, latency_ms: Vector) -> UnseenDevice:
    """Fit a device on which few networks were measured.

    The device is thought of as drawn from a normal distribution of devices, in units of its own
    speed: around the mean of the known ones, or around one of them. Distributions of several widths
    and noises are averaged, each weighed by how probable it makes the measurements. Nothing is
    chosen by hand: ten exact measurements of a device like a known one are followed closely, ten
    noisy ones of a strange device change little.

    Args:
        known: What is known of other devices.
        rows: Coordinates of the measured networks, (n, d + f), from `known.describe`.
        latency_ms: Their milliseconds on the new device, (n,).

    Raises:
        DataError: There are fewer than three networks, shapes do not match, or a latency is not
            positive and finite.

    Source:
        Rasmussen & Williams 2006, eq. 2.25 and 2.26 (Gaussian process) and 5.8 (evidence). Differs:
        the most probable speed of the device is taken, and the doubt about it added to the
        variance; the noise grows with the latency; candidates are averaged in place of choosing
        one. Weights by leave-one-out did worse (docs/benchmarks.md).
    """
    rows = np.asarray(rows, float)
    width = len(known.devices) + len(known.centre)
    if rows.ndim != 2 or rows.shape[1] != width:
        raise DataError(f"the rows have the shape {rows.shape}; describe() gives {width} columns.")
    if len(rows) < FEWEST:
        raise DataError(f"a new device needs at least {FEWEST} networks; got {len(rows)}.")
    positive(latency_ms, len(rows), "latencies on the new device")
    times = np.asarray(latency_ms, float)
    found = posterior(known, rows, times)
    error = error_of(_left_out(known, rows, times), times, len(times) - 1)
    return UnseenDevice(known, found.costs, found.covariance, found.noise_ms, error)


def _left_out(known: KnownDevices, rows: Matrix, times: Vector) -> Vector:
    """Predict each measured network from the others alone, (n,)."""
    predicted = np.empty(len(times))
    for out in range(len(times)):
        kept = np.arange(len(times)) != out
        predicted[out] = rows[out] @ expectation(known, rows[kept], times[kept])
    return predicted
