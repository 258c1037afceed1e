"""Networks one after the other, where none is compared with another."""

from collections.abc import Callable, Mapping
from pathlib import Path

from sartor.deploy.opening import NetworkSource
from sartor.errors import SartorError
from sartor.jobs.measuring.costs import Costs, Failed
from sartor.jobs.progress import Progress

One = Callable[[str, NetworkSource, Path], Costs]
"""Tells the costs of one network, given its name and an empty folder."""


def each_apart(
    sources: Mapping[str, NetworkSource], folder: Path, progress: Progress, one: One
) -> list[Costs | Failed]:
    """Tell the costs of each network; one that fails takes no other with it.

    Args:
        sources: Networks by name.
        folder: Empty, for files.
        progress: Told how far it is.
        one: Tells the costs of one.
    """
    found: list[Costs | Failed] = []
    for number, (name, source) in enumerate(sources.items()):
        progress.update(number / len(sources), name)
        place = folder / str(number)
        place.mkdir()
        try:
            found.append(one(name, source, place))
        except SartorError as error:
            found.append(Failed(name, str(error)))
    return found
