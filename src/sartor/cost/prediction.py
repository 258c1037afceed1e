"""How far predicted latencies are off."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Vector = npt.NDArray[np.float64]
"""(n,)"""


@dataclass(frozen=True, slots=True)
class LatencyError:
    """How far predictions are off on networks that the model was not fitted on."""

    networks_fitted: int
    networks_held_out: int
    median_error: float
    """Share of the measured time."""
    p95_error: float
    within_10_percent: float
    """Share of the networks."""
    rank_correlation: float | None
    """Spearman's; None where it is not defined."""

    def to_json(self) -> dict[str, float | None]:
        """Return plain data."""
        return {name: getattr(self, name) for name in self.__slots__}


def error_of(predicted: Vector, times: Vector, fitted: int) -> LatencyError:
    """Summarise predictions, (n,), of networks that a model of `fitted` others did not see."""
    from scipy.stats import spearmanr

    error = np.abs(predicted - times) / times
    ranked = len(times) > 2 and bool(np.ptp(times) and np.ptp(predicted))
    rank = spearmanr(predicted, times).statistic if ranked else np.nan
    return LatencyError(
        networks_fitted=fitted,
        networks_held_out=len(times),
        median_error=float(np.median(error)),
        p95_error=float(np.quantile(error, 0.95)),
        within_10_percent=float(np.mean(error <= 0.1)),
        rank_correlation=float(rank) if np.isfinite(rank) else None,
    )
