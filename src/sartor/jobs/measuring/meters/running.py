"""Targets that run networks: this machine, and boards that run the agent."""

import itertools
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sartor.cost.executed import executed_precision
from sartor.cost.profile import join_steps
from sartor.cost.roofline import efficiency_gap, roofline_of
from sartor.deploy.opening import RANDOM, NetworkSource
from sartor.errors import MeasurementError, OptionError, SartorError
from sartor.graph import Graph, fold_rounding
from sartor.jobs.measuring.asked import Asked
from sartor.jobs.measuring.costs import Compared, Costs, Failed
from sartor.jobs.measuring.counting import Counted, count_network
from sartor.jobs.measuring.energies import estimated_energy, measured_energy
from sartor.jobs.measuring.meters.protocol import METERS
from sartor.jobs.progress import Progress
from sartor.targets import TARGETS, Capabilities, Inspection, Target, TimedFile, Timing, ratio
from sartor.targets import open as open_target
from sartor.units import Measurement
from sartor_agent.energy import Energy

COPIES = 2
"""Times that each network is loaded in each process."""
PROFILED = 10
"""Calls over which operators are timed."""


@dataclass(frozen=True, slots=True)
class Ready:
    """A network that runs."""

    source: NetworkSource
    file: TimedFile
    counted: Counted | None
    inspection: Inspection


class Running:
    """Times networks where they run.

    Args:
        asked: The request.
        target: Where, and in which of its runtimes: the first that reads a network.
    """

    def __init__(self, asked: Asked, target: Target) -> None:
        self._asked = asked
        self._target = target
        self._used: dict[str, None] = {}
        self._how = target.how(
            seconds_each=asked.seconds,
            processes=asked.processes,
            copies=COPIES,
            seed=asked.seed,
        )

    def facts(self) -> Mapping[str, Any]:
        """Return the fingerprint, with the runtimes that were used."""
        return self._target.only(*self._used).fingerprint

    def close(self) -> None:
        """Give back the place."""
        self._target.place.close()

    def measure(
        self, sources: Mapping[str, NetworkSource], folder: Path, progress: Progress
    ) -> tuple[list[Costs | Failed], list[Compared]]:
        """Run each network by itself, then time all that ran in turn."""
        progress.stage("try")
        ready: dict[str, Ready] = {}
        found: dict[str, Costs | Failed] = {}
        for number, (name, source) in enumerate(sources.items()):
            progress.update(number / len(sources), name)
            try:
                ready[name] = self._try(source, folder / str(number))
            except SartorError as error:
                found[name] = Failed(name, str(error))
        progress.stage("time")
        timings, failed = self._time(ready, progress)
        found |= {name: Failed(name, reason) for name, reason in failed.items()}
        for name, timing in timings.items():
            found[name] = self._costs(name, ready[name], timing)
        together = {} if failed else timings
        compared = [
            Compared(one, other, ratio(together[one], together[other], self._asked.seed))
            for one, other in itertools.combinations(together, 2)
        ]
        return [found[name] for name in sources], compared

    def _try(self, source: NetworkSource, folder: Path) -> Ready:
        """Write the file for its runtime, and see that it runs."""
        name, can = self._runtime_for(source)
        self._used[name] = None
        precision = self._asked.precision
        floats = can.float_precisions
        if precision not in (None, "int8", *floats):
            known = ", ".join((*floats, "int8"))
            raise OptionError(f"precision is {precision!r}; {name} executes here: {known}.")
        form = next(it for it in can.formats if it in source.formats)
        folder.mkdir()
        file = source.write(folder, form, precision or floats[0], name)
        timed = TimedFile(
            file, name, precision if precision in floats else floats[0], source.shapes
        )
        calls = PROFILED if can.profiles else 0  # also tells the precision that was executed
        inspection = self._target.place.inspect_file(timed, self._how, calls=calls)
        return Ready(source, timed, count_network(source, file, folder), inspection)

    def _runtime_for(self, source: NetworkSource) -> tuple[str, Capabilities]:
        """Return the first runtime that reads a network."""
        for name, can in self._target.runtimes.items():
            if set(can.formats) & set(source.formats):
                return name, can
        reads = {it for can in self._target.runtimes.values() for it in can.formats}
        raise OptionError(
            f"{source.name} can be had as {', '.join(source.formats)}; "
            f"{', '.join(self._target.runtimes)} reads: {', '.join(sorted(reads)) or 'nothing'}. "
            "Name another runtime, for example --target cpu:onnxruntime."
        )

    def _time(
        self, ready: Mapping[str, Ready], progress: Progress
    ) -> tuple[dict[str, Timing], dict[str, str]]:
        """Time all in turn; each for itself where they do not run together."""
        files = {name: it.file for name, it in ready.items()}
        try:
            return self._target.place.time_files(files, self._how, progress.update), {}
        except MeasurementError as error:
            if len(files) == 1:
                return {}, dict.fromkeys(files, str(error))
            progress.say(f"{error} Each network is timed for itself; they cannot be compared.")
        timings: dict[str, Timing] = {}
        failed: dict[str, str] = {}
        for number, (name, file) in enumerate(files.items()):
            progress.update(number / len(files), name)
            try:
                timings |= self._target.place.time_files({name: file}, self._how)
            except MeasurementError as error:
                failed[name] = str(error)
        return timings, failed

    def _costs(self, name: str, it: Ready, timing: Timing) -> Costs:
        counted, steps = it.counted, it.inspection.steps
        folded = None if counted is None else fold_rounding(counted.graph)
        notes = [it.source.note, *(() if counted is None else counted.notes)]
        if self._asked.precision == "int8" and str(it.file.file) != it.source.name:
            notes.append(RANDOM)
        operators, roofline = self._operators(it) if self._asked.operators else ((), None)
        return Costs(
            name=name,
            runtime=it.file.runtime,
            precision=executed_precision(steps, it.inspection.executed, folded),
            macs=None if counted is None else counted.macs,
            parameters=it.source.parameters,
            size_bytes=it.file.file.stat().st_size,
            activations=None if counted is None else counted.activations,
            latency_ms=Measurement(timing.median_ms, "verified", timing.low_ms, timing.high_ms),
            timing=timing,
            peak_bytes=it.inspection.peak_bytes,
            energy=self._energy(it) if self._asked.energy else None,
            operators=operators,
            roofline=roofline,
            memory=counted.memory if counted is not None and self._asked.operators else None,
            uncounted=() if counted is None else counted.graph.uncounted,
            details={"load": list(os.getloadavg())},
            notes=tuple(filter(None, notes)),
        )

    def _energy(self, it: Ready) -> Mapping[str, Any]:
        """Measure the energy of a call, or estimate it where nothing on the device tells."""
        found = self._target.place.measure_energy(it.file, self._how)
        if isinstance(found, Energy):
            return measured_energy(found)
        return estimated_energy(found, None if it.counted is None else it.counted.graph)

    def _operators(self, it: Ready) -> tuple[tuple[Mapping[str, Any], ...], Mapping[str, Any]]:
        """Put what was executed beside what the device can reach at best."""
        roofline = roofline_of(self._target, it.file.runtime, self._asked.cache / "roofs")
        graph = Graph((), {}, (), ()) if it.counted is None else it.counted.graph
        gap = efficiency_gap(join_steps(it.inspection.steps, graph), roofline)
        return tuple(gap.operators_json()), roofline.to_json()


def running(asked: Asked) -> Running:
    """Time networks on this machine, its GPU or boards."""
    return Running(
        asked,
        open_target(
            asked.target,
            threads=asked.threads,
            tokens=asked.tokens,
            certificate=asked.certificate,
        ),
    )


for kind in TARGETS:
    METERS.register(kind, TARGETS.entry(kind).description)(running)
