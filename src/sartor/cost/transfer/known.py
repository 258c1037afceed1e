"""What devices that many networks were timed on tell of a device that is new."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sartor.errors import DamagedFileError, DataError

Vector = npt.NDArray[np.float64]
Matrix = npt.NDArray[np.float64]
FEWEST = 3
"""Networks below which nothing is learned."""
RIDGES = tuple(10.0**power for power in range(-7, 3))
"""Strengths of the ridge that are tried, as a share of the mean square of a column."""


@dataclass(frozen=True, slots=True)
class KnownDevices:
    """The latency of a network on known devices, without the noise of its measurement.

    Each device is predicted from the features of a network and its latencies on the *other*
    devices. What the devices share is kept, also where the features do not tell it; what only one
    measurement shows is left out. In the coordinates that `describe` returns, a device that
    resembles the known ones is nearly linear.
    """

    devices: tuple[str, ...]
    """Names, (d,)."""
    centre: Vector
    scale: Vector
    """Mean and spread of the features, (f,)."""
    mean_ms: Vector
    """Mean latency on each device, (d,)."""
    weights: Matrix
    """From standardised features and latencies in units of their mean, to the latencies without
    noise in units of their mean, less 1, (f + d, d); none from a device to itself."""
    spread: Vector
    """How much the cost of each feature differs between devices, per standard deviation of the
    feature and in units of the mean latency, (f,)."""

    def describe(self, features: Matrix, known: Mapping[str, Vector]) -> Matrix:
        """Return the coordinates of networks, from which an unseen device is predicted.

        Args:
            features: Such as counts of operators, (n, f).
            known: Milliseconds of the same networks on each known device, (n,) by name.

        Returns:
            Noiseless latencies on the known devices in units of their mean, then standardised
            features, (n, d + f).

        Raises:
            DataError: A device is missing, a shape does not match, or a number is not finite or
                (latencies) not positive.
        """
        features, table = checked(features, known, self.devices)
        if features.shape[1] != len(self.centre):
            raise DataError(
                f"the features have {features.shape[1]} columns; the known devices were learned "
                f"with {len(self.centre)}. Give the same features."
            )
        x = (features - self.centre) / self.scale
        return np.hstack([1 + np.hstack([x, table / self.mean_ms - 1]) @ self.weights, x])

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        arrays = ("centre", "scale", "mean_ms", "weights", "spread")
        return {"devices": list(self.devices)} | {n: getattr(self, n).tolist() for n in arrays}

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> "KnownDevices":
        """Read what `to_json` wrote.

        Raises:
            DamagedFileError: Something is missing, no number, or of the wrong size.
        """
        try:
            devices = tuple(str(name) for name in plain["devices"])
            centre = np.array(plain["centre"], float)
            d, f = len(devices), len(centre)
            return cls(
                devices,
                centre,
                np.array(plain["scale"], float).reshape(f),
                np.array(plain["mean_ms"], float).reshape(d),
                np.array(plain["weights"], float).reshape(f + d, d),
                np.array(plain["spread"], float).reshape(f),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise DamagedFileError(f"this does not describe known devices: {error}.") from error


def learn(features: Matrix, known: Mapping[str, Vector]) -> KnownDevices:
    """Learn what known devices have in common.

    Args:
        features: Of networks, (n, f): what the latency may add up from, such as counts of
            operators. More features than networks are allowed.
        known: Milliseconds of the same networks on each known device, (n,) by name.

    Raises:
        DataError: There is no device, there are fewer than three networks, shapes do not match, or
            a number is not finite or (latencies) not positive.
    """
    devices = tuple(known)
    features, table = checked(features, known, devices)
    if len(features) < FEWEST:
        raise DataError(f"known devices need at least {FEWEST} networks; got {len(features)}.")
    centre, scale, mean = features.mean(0), features.std(0), table.mean(0)
    scale[scale < 1e-9 * np.maximum(np.abs(centre), 1)] = 1.0
    x = (features - centre) / scale
    y = table / mean - 1
    weights = _predict_from_the_others(x, y)
    smooth = np.hstack([x, y]) @ weights
    return KnownDevices(devices, centre, scale, mean, weights, _spread_of_costs(x, smooth))


def checked(
    features: Matrix, known: Mapping[str, Vector], devices: tuple[str, ...]
) -> tuple[Matrix, Matrix]:
    """Return features, (n, f), and the latencies on `devices`, (n, d), or refuse them."""
    features = np.asarray(features, float)
    if features.ndim != 2 or not np.isfinite(features).all():
        raise DataError("features must be one row of finite numbers for each network.")
    if not devices:
        raise DataError("no known device was given; give the latencies of at least one.")
    if missing := [name for name in devices if name not in known]:
        raise DataError(f"latencies on {missing[0]!r} are missing; give those of {devices}.")
    for name in devices:
        positive(known[name], len(features), f"latencies on {name!r}")
    return features, np.stack([np.asarray(known[name], float) for name in devices], 1)


def positive(latency_ms: Vector, networks: int, what: str) -> None:
    """Refuse latencies that are not one positive number for each of `networks`."""
    given = np.asarray(latency_ms, float)
    if given.shape != (networks,):
        raise DataError(f"{what} have the shape {given.shape}; {networks} networks were given.")
    if not (np.isfinite(given) & (given > 0)).all():
        raise DataError(f"{what} must be positive and finite; leave out networks that failed.")


def _predict_from_the_others(x: Matrix, y: Matrix) -> Matrix:
    """Return weights, (f + d, d), that predict each column of `y` from `x` and the other columns.

    Source:
        Batson & Royer 2019, arXiv:1901.11365: a prediction that does not see what it predicts
        keeps the signal and loses the noise, where the noise is independent.
    """
    z = np.hstack([x, y])
    gram = z.T @ z
    f, columns = x.shape[1], z.shape[1]
    weights = np.zeros((columns, y.shape[1]))
    for device in range(y.shape[1]):
        used = np.delete(np.arange(columns), f + device)
        if len(used):
            aim = f + device
            square = float(gram[aim, aim])
            weights[used, device] = _ridge(
                gram[np.ix_(used, used)], gram[used, aim], square, len(x)
            )
    return weights


def _ridge(gram: Matrix, moment: Vector, square: float, networks: int) -> Vector:
    """Return the weights of the ridge whose generalised cross-validation error is least.

    Source:
        Golub, Heath & Wahba 1979, Technometrics 21, eq. 1.4, from z'z, z'y and y'y alone.
    """
    values, vectors = np.linalg.eigh(gram)
    values = np.maximum(values, 0)
    along = vectors.T @ moment
    best, chosen = np.inf, np.zeros(len(moment))
    for ridge in RIDGES:
        damped = values + ridge * max(float(values.mean()), 1e-12)
        left = square - float((along**2 * (2 / damped - values / damped**2)).sum())
        free = networks - 1 - float((values / damped).sum())
        if free > 0.5 and (error := max(left, 0) / free**2) < best:
            best, chosen = error, vectors @ (along / damped)
    return chosen


def _spread_of_costs(x: Matrix, smooth: Matrix) -> Vector:
    """Return how much the cost of each feature differs between devices, (f,).

    One device more, on which the feature costs nothing, is counted in: with few known devices the
    differences between them tell too little.
    """
    gram = x.T @ x + 1e-3 * len(x) * np.eye(x.shape[1])
    costs = np.linalg.solve(gram, x.T @ smooth)
    mean = costs.mean(1)
    spread: Vector = np.sqrt(costs.var(1) + mean**2 / costs.shape[1])
    return spread
