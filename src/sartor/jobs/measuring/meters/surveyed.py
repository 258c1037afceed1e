"""Targets that were surveyed: networks are predicted there from the kernels they consist of."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from sartor.cost.executed import executed_precision
from sartor.cost.kernels import kernels_of, load_survey
from sartor.deploy.opening import NetworkSource
from sartor.errors import OptionError
from sartor.graph import fold_rounding
from sartor.jobs.measuring.asked import Asked
from sartor.jobs.measuring.costs import Compared, Costs, Failed
from sartor.jobs.measuring.counting import count_file
from sartor.jobs.measuring.meters.apart import each_apart
from sartor.jobs.measuring.meters.protocol import METERS
from sartor.jobs.progress import Progress
from sartor.targets import TimedFile
from sartor.targets import open as open_target
from sartor.units import Measurement

FORM = ".onnx"


class Surveyed:
    """Predicts networks by a survey; the runtime is used to see their kernels, not to time them.

    Args:
        asked: The request.
        file: Of the survey.
    """

    def __init__(self, asked: Asked, file: Path) -> None:
        try:
            self._survey = load_survey(file)
        except FileNotFoundError as error:
            raise OptionError(
                f"there is no survey {file}; make one with: sartor survey --out {file}."
            ) from error
        self._asked = asked
        self._here = open_target("cpu")
        runtime = self._survey.runtime
        if runtime not in self._here.runtimes:
            raise OptionError(
                f"the survey {file} is of {runtime}, which is not installed here; it shows which "
                "kernels a network consists of."
            )

    def facts(self) -> Mapping[str, Any]:
        """Return what the survey was made on."""
        return {"runtime": self._survey.runtime, **self._survey.fingerprint}

    def close(self) -> None:
        """Hold nothing."""

    def measure(
        self, sources: Mapping[str, NetworkSource], folder: Path, progress: Progress
    ) -> tuple[list[Costs | Failed], list[Compared]]:
        """Predict each network."""
        progress.stage("predict")
        return each_apart(sources, folder, progress, self._one), []

    def _one(self, name: str, source: NetworkSource, folder: Path) -> Costs:
        runtime, precision = self._survey.runtime, self._asked.precision or "fp32"
        if FORM not in source.formats:
            raise OptionError(f"{name} cannot be had as ONNX, which {runtime} reads.")
        file = source.write(folder, FORM, precision, runtime)
        floats = precision if precision == "bf16" else "fp32"
        timed = TimedFile(file, runtime, floats, source.shapes)
        inspection = self._here.place.inspect_file(timed, self._here.how(), calls=1)
        (found,) = self._survey.predict([kernels_of(inspection.steps, runtime)])
        counted = count_file(file, source.shapes)
        graph = fold_rounding(counted.graph)
        notes = (source.note, *counted.notes, *_doubts(found.unknown, found.coverage))
        return Costs(
            name=name,
            runtime=runtime,
            precision=executed_precision(inspection.steps, inspection.executed, graph),
            macs=counted.macs,
            parameters=source.parameters,
            size_bytes=file.stat().st_size,
            activations=counted.activations,
            latency_ms=Measurement(found.milliseconds, "predicted", found.low_ms, found.high_ms),
            uncounted=counted.graph.uncounted,
            details={
                "coverage": found.coverage,
                "macs_coverage": found.macs_coverage,
                "unknown": list(found.unknown),
            },
            notes=tuple(filter(None, notes)),
        )


def _doubts(unknown: Sequence[str], coverage: float) -> tuple[str, ...]:
    """Say which kernels the survey does not know."""
    if not unknown:
        return ()
    return (
        f"kernels that the survey knows take {100 * coverage:.0f} % of the predicted time; "
        f"guessed are: {', '.join(unknown)}.",
    )


@METERS.register("survey", "A target that was surveyed: survey:FILE.json.")
def surveyed(asked: Asked) -> Surveyed:
    """Predict networks by a survey."""
    return Surveyed(replace(asked, threads=1), Path(asked.target.partition(":")[2]))
