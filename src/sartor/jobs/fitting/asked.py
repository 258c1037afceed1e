"""What a user asks of a fit, checked, and how the budget is divided."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sartor.errors import BudgetError, OptionError
from sartor.nets import FAMILIES
from sartor.search import STRATEGIES
from sartor.units import METRICS, Limit, RelativeLimit

MOST_PICKS = 12
FEWEST_MINUTES = 1.0
"""Below this not even the smallest supernet learns anything that a search could use."""
FEWEST_STEPS = 20
KNOWN_BEFORE = ("latency_ms", "size_bytes", "macs", "params")
"""Metrics that are known of a network before it is trained."""
SHARES: Mapping[str, float] = {
    "survey": 0.05,
    "train": 0.12,
    "search": 0.05,
    "finish": 0.74,
    "verify": 0.04,
}
"""Shares of the time that is left when preparing is done. Tuning has the most: in minutes, a
network learns more on its own than among all designs (docs/benchmarks.md)."""
BEFORE_SHARES = "prepare"
"""The stage whose time is taken from all shares."""
HEATS_SHARE = 0.15
"""Share of the time for tuning in which many candidates are tuned for a short time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The request. It may not change when a run goes on."""

    data: str
    """A path or a name such as `sklearn:digits`."""
    target: str = "cpu"
    """Device on which the networks will run."""
    threads: int = 1
    """Threads that a network may use on the target."""
    limits: tuple[Limit, ...] = ()
    """Bounds that every delivered network keeps."""
    relative: tuple[RelativeLimit, ...] = ()
    """Bounds of the same kind, in multiples of what the first network to compare with costs."""
    minutes: float | None = None
    """Time for everything but the networks to compare with; or None where steps are given."""
    steps: int | None = None
    """Steps of supernet training; everything else follows from them, so that a run repeats."""
    seed: int = 0
    """Start of all random numbers."""
    strategy: str = "predictor"
    """How designs are chosen."""
    family: str = "mobile"
    """Where designs come from."""
    versus: tuple[str, ...] = ()
    """timm models to compare with, `NAME` or `NAME@RESOLUTION`."""
    picks: int = 4
    """Networks to deliver."""
    resolution: int | None = None
    """Rows and columns to which images are brought; by default what suits the data."""

    def __post_init__(self) -> None:
        FAMILIES.entry(self.family)
        STRATEGIES.entry(self.strategy)
        if (self.minutes is None) == (self.steps is None):
            raise OptionError("give either minutes or steps as the budget, not both.")
        if self.minutes is not None and not self.minutes >= FEWEST_MINUTES:
            raise BudgetError(
                f"minutes is {self.minutes:g}; allowed: {FEWEST_MINUTES:g} or more, "
                "since no stage can be finished in less."
            )
        if self.steps is not None and self.steps < FEWEST_STEPS:
            raise BudgetError(f"steps is {self.steps}; allowed: {FEWEST_STEPS} or more.")
        if not 1 <= self.picks <= MOST_PICKS:
            raise OptionError(f"picks is {self.picks}; allowed: 1 to {MOST_PICKS}.")
        if self.seed < 0:
            raise OptionError(f"seed is {self.seed}; allowed: 0 or more.")
        self._check_relative()

    def _check_relative(self) -> None:
        for limit in self.relative:
            if not self.versus:
                raise OptionError(
                    f"the limit {limit} is relative, but no network is named to relate it to; name "
                    "one with versus, or give an absolute value."
                )
            if limit.metric not in KNOWN_BEFORE:
                words = ", ".join(METRICS[name].word for name in KNOWN_BEFORE)
                raise OptionError(
                    f"the limit {limit} is relative, but that is not known of a network before it "
                    f"is trained; allowed: {words}."
                )

    def to_json(self) -> dict[str, Any]:
        """Return plain data for `job.yaml` and `summary.json`."""
        plain: dict[str, Any] = {name: getattr(self, name) for name in self.__slots__}
        plain["limits"] = [str(limit) for limit in (*self.limits, *plain.pop("relative"))]
        plain["versus"] = list(self.versus)
        return plain

    @property
    def seconds(self) -> float | None:
        """Time for everything, or None where the budget is in steps."""
        return None if self.minutes is None else self.minutes * 60


@dataclass(frozen=True, slots=True)
class Shares:
    """Divides what is left of the time among the stages that are still to come."""

    total: float
    """Seconds for the whole run."""
    shares: Mapping[str, float] = field(default_factory=lambda: SHARES)

    def seconds(self, stage: str, spent: Mapping[str, float]) -> float:
        """Return the seconds for `stage`, those counted in that it has used already.

        Args:
            stage: One of the stages that have a share.
            spent: Seconds used so far, by stage. Those after `stage` change nothing: a run that
                goes on in a later one had the same time for this one.
        """
        names = list(self.shares)
        place = names.index(stage)
        coming = names[place:]
        used = sum(spent.get(name, 0.0) for name in (BEFORE_SHARES, *names[:place]))
        coming_shares = sum(self.shares[name] for name in coming)
        return max(0.0, self.total - used) * self.shares[stage] / coming_shares
