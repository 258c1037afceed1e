"""A Gaussian process that learns which choices matter, and says how unsure it is."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from sartor.search.protocol import Numbers
from sartor.space import Encoded, Features

STEPS = 50
"""Of the search for the best parameters (L-BFGS)."""
FIRM = 1.2
"""Standard deviation that parameters have before anything is known of them, as logarithms."""
LEAST_NOISE = 1e-4
CHUNK = 1024
"""Designs that are predicted at once: what is computed for them stays in the cache."""


class Process:
    """A Gaussian process over features in kinds and groups.

    Its kernel adds what depends on the kinds of features linearly (options, ranks, counts,
    estimates), what bends and interacts, and noise:

        k(x, y) = sum over kinds of a_k <x_k, y_k> + b exp(- sum over groups of w_g |x_g - y_g|^2)

    with a weight for each group, so that choices that matter count (automatic relevance
    determination). Weights are found by their posterior probability: with tens of trials and a
    hundred choices, likelihood alone would fit them to noise.

    Args:
        features: What the numbers of a design are.

    Source:
        Rasmussen and Williams 2006, chapters 2 and 5. Left-out predictions: section 5.4.2.
    """

    def __init__(self, features: Features) -> None:
        self._kinds = [np.flatnonzero(features.kinds == it) for it in np.unique(features.kinds)]
        self._groups = np.unique(features.groups, return_inverse=True)[1]
        self._wide = int(self._groups.max()) + 1
        self._parameters = self._prior()

    def tune(self, x: Numbers, y: Numbers) -> "Process":
        """Find the parameters of the kernel from designs, (n, features), and values, (n,)."""
        from scipy.optimize import minimize

        self._standardise(x)
        scaled, target = self._scaled(x), (y - y.mean()) / _spread(y)
        prior = self._prior()
        found = minimize(
            lambda at: self._loss(at, prior, scaled, target),
            prior,
            jac=True,
            method="L-BFGS-B",
            options={"maxiter": STEPS},
        )
        self._parameters = found.x
        return self

    def fit(self, x: Numbers, y: Numbers) -> "Process":
        """Learn values, (n,), of designs, (n, features), with the parameters that were tuned."""
        self._mean, self._unit = float(y.mean()), _spread(y)
        scaled = self._scaled(x)
        parts = self._parts(self._parameters)
        kernel = self._kernel(parts, scaled, scaled)
        kernel[np.diag_indices(len(x))] += parts.noise
        half, _ = _halved(kernel)
        target = (y - self._mean) / self._unit
        weights = half.T @ (half @ target)
        pivots = (half**2).sum(axis=0)  # the diagonal of the inverse
        left_out = target - weights / pivots
        self.left_out = self._mean + self._unit * left_out
        """Values of the trials as they are predicted without knowing them, (n,)."""
        self.left_out_spread = self._unit / np.sqrt(pivots)
        """Their standard deviations, (n,)."""
        self._known = _Known.of(parts, self._centre, self._scale, self._root(parts.weights), scaled)
        self._weights, self._half = weights.astype(np.float32), np.asfortranarray(half, np.float32)
        return self

    def mean(self, x: Encoded) -> Numbers:
        """Return the expected values of designs, (n,): tens of thousands in a second."""
        slope = self._weights @ self._known.linear
        scores = [
            part @ slope + self._known.bent(part) @ self._weights for part in self._known.parts(x)
        ]
        return self._mean + self._unit * np.concatenate(scores).astype(float)

    def predict(self, x: Encoded) -> tuple[Numbers, Numbers]:
        """Return the expected values of designs and their standard deviations, (n,) each.

        The noise of measuring counts: what an evaluation will show is meant, not what is true.
        """
        from scipy.linalg.blas import strmm

        means, spreads = [], []
        for part in self._known.parts(x):
            kernel = part @ self._known.linear.T + self._known.bent(part)
            means.append(kernel @ self._weights)
            # By half of the inverse, which is triangular: its square would lose what single
            # precision has.
            whitened = strmm(1.0, self._half, kernel.T, lower=1, overwrite_b=1)
            left = self._known.own(part) - (whitened**2).sum(axis=0)
            spreads.append(np.sqrt(np.maximum(left, LEAST_NOISE)))
        mean = self._mean + self._unit * np.concatenate(means).astype(float)
        return mean, self._unit * np.concatenate(spreads).astype(float)

    def _prior(self) -> Numbers:
        """Return the logarithms of a per kind, b, the noise and w per group."""
        return np.log([0.3] * len(self._kinds) + [0.3, 0.03] + [1.5 / self._wide] * self._wide)

    def _parts(self, parameters: Numbers) -> "_Parts":
        count = len(self._kinds)
        values = np.exp(np.clip(parameters, -12, 6))
        columns = np.empty(len(self._groups))
        for kind, value in zip(self._kinds, values[:count], strict=True):
            columns[kind] = value
        weights = values[count + 2 :]
        return _Parts(
            columns, float(values[count]), LEAST_NOISE + float(values[count + 1]), weights
        )

    def _standardise(self, x: Numbers) -> None:
        """Bring each kind to unit length and each group to unit distance, on average."""
        self._centre = x.mean(axis=0)
        square = ((x - self._centre) ** 2).mean(axis=0)
        self._scale = np.ones(x.shape[1])
        for kind in self._kinds:
            self._scale[kind] = 1 / np.sqrt(max(square[kind].sum(), 1e-12))
        square = 2 * square * self._scale**2
        group = np.bincount(self._groups, square, self._wide)
        self._unit_distance = 1 / np.where(group > 1e-9, group, 1.0)

    def _scaled(self, x: Numbers) -> Numbers:
        scaled: Numbers = (x - self._centre) * self._scale
        return scaled

    def _kernel(self, parts: "_Parts", x: Numbers, y: Numbers) -> Numbers:
        linear = (x * parts.columns) @ y.T
        return linear + parts.bends * self._bends(parts.weights, x, y)

    def _bends(self, weights: Numbers, x: Numbers, y: Numbers) -> Numbers:
        root = self._root(weights)
        return _bends(x * root, y * root)

    def _root(self, weights: Numbers) -> Numbers:
        """Return by what features are multiplied, so that distances are weighted, (features,)."""
        root: Numbers = np.sqrt((weights * self._unit_distance)[self._groups])
        return root

    def _loss(self, at: Numbers, prior: Numbers, x: Numbers, y: Numbers) -> tuple[float, Numbers]:
        """Return minus the logarithm of the posterior probability, and its gradient."""
        parts = self._parts(at)
        bends = parts.bends * self._bends(parts.weights, x, x)
        kernel = (x * parts.columns) @ x.T + bends
        kernel[np.diag_indices(len(x))] += parts.noise
        half, log_determinant = _halved(kernel)
        inverse = half.T @ half
        weights = inverse @ y
        loss = 0.5 * (y @ weights + log_determinant)
        # The derivative by a parameter is half the sum of this times that of the kernel.
        outer = inverse - np.outer(weights, weights)
        by_column = (x * (outer @ x)).sum(axis=0) * parts.columns
        by_kind = [by_column[kind].sum() for kind in self._kinds]
        bent = outer * bends
        moved = bent.sum(axis=1) @ x**2 - (x * (bent @ x)).sum(axis=0)
        by_group = (
            -2 * parts.weights * self._unit_distance * np.bincount(self._groups, moved, self._wide)
        )
        noise = np.trace(outer) * (parts.noise - LEAST_NOISE)
        gradient = 0.5 * np.array([*by_kind, bent.sum(), noise, *by_group])
        away = (at - prior) / FIRM
        return float(loss + 0.5 * away @ away), gradient + away / FIRM


@dataclass(frozen=True, slots=True)
class _Parts:
    columns: Numbers
    """Of the linear part, per feature."""
    bends: float
    noise: float
    weights: Numbers
    """Per group."""


@dataclass(frozen=True, slots=True)
class _Known:
    """The designs of the trials, (n, features), as others are compared with them.

    In single precision, and chunk by chunk.
    """

    centre: Encoded
    scale: Encoded
    root: Encoded
    linear: Encoded
    """Of which the product with a design is the linear part of the kernel, (n, features)."""
    columns: Encoded
    near: Encoded
    """Of which the product with a stretched design is the logarithm of the part of the kernel that
    bends, (features + 2, n)."""
    bends: np.float32
    noise: np.float32

    @classmethod
    def of(
        cls, parts: _Parts, centre: Numbers, scale: Numbers, root: Numbers, scaled: Numbers
    ) -> "_Known":
        """Compute what is the same for all that is predicted."""
        stretched = scaled * root
        square = (stretched**2).sum(axis=1)
        near = np.vstack([2 * stretched.T, np.ones(len(scaled)), np.log(parts.bends) - square])
        return cls(
            centre=centre.astype(np.float32),
            scale=scale.astype(np.float32),
            root=root.astype(np.float32),
            linear=(scaled * parts.columns).astype(np.float32),
            columns=parts.columns.astype(np.float32),
            near=near.astype(np.float32),
            bends=np.float32(parts.bends),
            noise=np.float32(parts.noise),
        )

    def parts(self, x: Encoded) -> Iterator[Encoded]:
        """Bring designs, (n, features), to the scale of those known, chunk by chunk."""
        for start in range(0, len(x), CHUNK):
            yield (x[start : start + CHUNK].astype(np.float32) - self.centre) * self.scale

    def bent(self, x: Encoded) -> Encoded:
        """Return the part of the kernel that bends, (n, those known)."""
        stretched = np.empty((len(x), len(self.near)), np.float32)
        inner = np.multiply(x, self.root, out=stretched[:, :-2])
        stretched[:, -2] = -(inner**2).sum(axis=1)
        stretched[:, -1] = 1
        # One product, as in `_bends`.
        kernel: Encoded = stretched @ self.near
        return np.exp(kernel, out=kernel)

    def own(self, x: Encoded) -> Encoded:
        """Return the kernel of designs with themselves, and the noise, (n,)."""
        own: Encoded = (x**2) @ self.columns + (self.bends + self.noise)
        return own


def _bends(x: Numbers, y: Numbers) -> Numbers:
    """Return exp(-|x - y|^2), (n, p)."""
    # One product gives minus the squared distance, 2 <x, y> - |x|^2 - |y|^2, without a pass more.
    left = np.hstack([2 * x, -(x**2).sum(axis=1, keepdims=True), -np.ones((len(x), 1))])
    closeness: Numbers = left @ np.hstack([y, np.ones((len(y), 1)), (y**2).sum(axis=1)[:, None]]).T
    return np.exp(closeness, out=closeness)


def _halved(kernel: Numbers) -> tuple[Numbers, float]:
    """Return H with H.T @ H the inverse of a kernel, and the logarithm of its determinant."""
    from scipy.linalg.lapack import dtrtri

    factor = np.linalg.cholesky(kernel)
    half, failed = dtrtri(factor, lower=1)
    assert failed == 0, "the factor of a kernel has no zeros on its diagonal"
    return half, 2 * float(np.log(np.diag(factor)).sum())


def _spread(y: Numbers) -> float:
    return float(y.std()) or 1.0
