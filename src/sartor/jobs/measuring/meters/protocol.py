"""What measures networks on one kind of target."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

from sartor.deploy.opening import NetworkSource
from sartor.jobs.measuring.asked import Asked
from sartor.jobs.measuring.costs import Compared, Costs, Failed
from sartor.jobs.progress import Progress
from sartor.registry import Registry


class Meter(Protocol):
    """Measures networks on a target. Made once for a measurement, closed at its end."""

    def facts(self) -> Mapping[str, Any]:
        """Return what identifies the target: plain data."""

    def measure(
        self, sources: Mapping[str, NetworkSource], folder: Path, progress: Progress
    ) -> tuple[list[Costs | Failed], list[Compared]]:
        """Measure networks.

        Args:
            sources: What the user named, opened, by name.
            folder: Empty, for files.
            progress: Told how far it is.

        Returns:
            One result for each source, in their order: one that fails takes no other with it. And
            how they compare, where they can be compared.
        """

    def close(self) -> None:
        """Give back what was held."""


METERS: Registry[Callable[[Asked], Meter]] = Registry("target")
"""By what a target's name begins with, up to the colon."""


def open_meter(asked: Asked) -> Meter:
    """Open the target that is asked for.

    Raises:
        UnknownNameError: There is no such kind of target.
        OptionError: Its description is not understood.
        MissingExtraError: It needs a package that is not installed.
    """
    return METERS[asked.target.partition(":")[0]](asked)
