"""Targets that run nothing: what networks cost there is told from their graphs."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from sartor.deploy.opening import NetworkSource
from sartor.errors import OptionError
from sartor.jobs.measuring.asked import Asked
from sartor.jobs.measuring.costs import Compared, Costs, Failed
from sartor.jobs.measuring.counting import count_file
from sartor.jobs.measuring.meters.apart import each_apart
from sartor.jobs.progress import Progress

Told = Callable[[Path, "Costs", Any], Costs]
"""Adds to what is counted of a file what the target tells of it; gets the `Counted` as well."""


class ByGraph:
    """Counts networks, one after the other.

    Args:
        asked: The request.
        facts: What identifies the target.
        formats: Of files that it reads, those first that are to be preferred.
        told: What the target tells of a network.
    """

    def __init__(
        self, asked: Asked, facts: Mapping[str, Any], formats: Sequence[str], told: Told
    ) -> None:
        if asked.precision not in (None, "fp32", "int8"):
            raise OptionError(
                f"precision is {asked.precision!r}; {asked.target} takes files as they are, or "
                "fp32 or int8."
            )
        self._asked = asked
        self._facts = facts
        self._formats = formats
        self._told = told

    def facts(self) -> Mapping[str, Any]:
        """Return what identifies the target."""
        return self._facts

    def close(self) -> None:
        """Hold nothing."""

    def measure(
        self, sources: Mapping[str, NetworkSource], folder: Path, progress: Progress
    ) -> tuple[list[Costs | Failed], list[Compared]]:
        """Tell the costs of each."""
        progress.stage("count")
        return each_apart(sources, folder, progress, self._one), []

    def _one(self, name: str, source: NetworkSource, folder: Path) -> Costs:
        form = next((it for it in self._formats if it in source.formats), None)
        if form is None:
            raise OptionError(
                f"{source.name} can be had as {', '.join(source.formats)}; {self._asked.target} "
                f"reads: {', '.join(self._formats)}."
            )
        precision = self._asked.precision or "fp32"
        file = source.write(folder, form, precision, "onnxruntime")
        counted = count_file(file, source.shapes)
        plain = Costs(
            name=name,
            runtime=self._asked.target.partition(":")[0],
            precision=counted.precision,
            macs=counted.macs,
            parameters=source.parameters,
            size_bytes=file.stat().st_size,
            activations=counted.activations,
            latency_ms=None,
            notes=counted.notes,
        )
        return self._told(file, plain, counted)
