"""A regression of scikit-learn as a member: what it leaves out is found in folds."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from sartor.search.protocol import Numbers
from sartor.space import Encoded

FOLDS = 5


class Folded:
    """A member that scikit-learn fits.

    Args:
        make: Makes the regression, unfitted.
        seed: Of the folds, 0 or more.
    """

    def __init__(self, make: Callable[[], Any], seed: int) -> None:  # Any: it is not typed
        self._make, self._seed = make, seed
        self.left_out: Numbers = np.empty(0)

    def tune(self, x: Numbers, y: Numbers) -> None:
        """Find what is predicted of trials that are left out; see `Member`."""
        fold = np.random.default_rng(self._seed).permutation(len(y)) % min(FOLDS, len(y))
        self.left_out = np.empty(len(y))
        for number in np.unique(fold):
            out = fold == number
            self.left_out[out] = self._fit(x[~out], y[~out])(x[out])

    def fit(self, x: Numbers, y: Numbers) -> None:
        """Learn all trials; see `Member`."""
        self._predict = self._fit(x, y)

    def mean(self, x: Encoded) -> Numbers:
        """Return the expected scores; see `Member`."""
        return self._predict(x)

    def _fit(self, x: Numbers, y: Numbers) -> Callable[[Encoded], Numbers]:
        from sklearn.exceptions import ConvergenceWarning

        unit = float(y.std()) or 1.0
        with warnings.catch_warnings():
            # That a fit ends early is meant: members are judged by what they leave out.
            warnings.simplefilter("ignore", ConvergenceWarning)
            model = self._make().fit(x, (y - y.mean()) / unit)
        return lambda rows: y.mean() + unit * np.asarray(model.predict(rows), float)
