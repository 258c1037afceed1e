"""Surveying a target: networks of a family are timed on it, chunk by chunk."""

import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np

from sartor.cost.anchors import SCALES, Anchors, pace_of
from sartor.cost.designs.features import stack
from sartor.cost.designs.latency import fit, held_out
from sartor.cost.designs.precision import deployed, deployment, deployment_space, float_nodes
from sartor.cost.designs.size import fit_size
from sartor.cost.designs.survey import Survey, Timed
from sartor.cost.prediction import error_of
from sartor.deploy import export, quantize
from sartor.errors import DataError
from sartor.nets import Family, Network
from sartor.space import Design
from sartor.study import read_json, write_json
from sartor.targets import Target, TimedFile

VERSION = 5
"""Raised when export or quantization changes what is executed, or when a model has other costs."""
CHUNK = 4
"""Architectures that are exported and then timed in turn."""
PILOT = 4
"""Architectures after which runtimes and precisions that are never near the best are dropped."""
NEAR = 1.3
"""A runtime and precision stays if it takes at most this times the best one, for any network."""
FEWEST, MOST = 16, 240
"""Architectures of a survey."""
SECONDS_EACH = 0.08
"""Time for one program. A few hundred calls of a small network, in blocks."""


@dataclass(frozen=True, slots=True)
class _Written:
    """A network that is ready to be timed."""

    design: Design
    group: int
    """Number of its architecture."""
    file: TimedFile


@dataclass(slots=True)
class Surveyor:
    """Times networks of a family on a target.

    Args:
        family: Whose networks are timed, with random weights: they do not matter to the time.
        target: Where.
        seed: Decides which networks.
    """

    family: Family
    target: Target
    seed: int
    timed: list[Timed] = field(default_factory=list)
    runtimes: dict[str, tuple[str, ...]] = field(init=False)
    dropped: list[str] = field(default_factory=list)
    """Sentences on what was left out."""

    def __post_init__(self) -> None:
        self.runtimes = {name: it.float_precisions for name, it in self.target.runtimes.items()}

    def run(
        self,
        *,
        seconds: float | None,
        networks: int | None = None,
        report: Callable[[float, str], None] | None = None,
        keep: Callable[[], None] | None = None,
    ) -> None:
        """Time networks, or go on, until the seconds are over or so many architectures are done.

        At least 16 and at most 240 architectures are timed. `keep` is called after every chunk.
        """
        started = time.monotonic()
        goal = MOST if networks is None else networks
        with tempfile.TemporaryDirectory() as folder:
            anchors = self.anchors(Path(folder))
            while (done := self.architectures) < goal:
                share = done / goal
                if seconds is not None:
                    share = max(share, (time.monotonic() - started) / max(seconds, 1e-9))
                    if share >= 1 and done >= FEWEST:
                        break
                if report is not None:
                    report(min(1.0, share), f"{done} architectures timed")
                together = CHUNK * self.target.place.at_once if done >= PILOT else PILOT
                self._time(range(done, min(goal, done + together)), anchors)
                if self.architectures == PILOT:
                    self._drop_slow()
                if keep is not None:
                    keep()

    @property
    def architectures(self) -> int:
        """Number of architectures that were timed."""
        return 1 + max((item.group for item in self.timed), default=-1)

    @property
    def usual_pace(self) -> float:
        """Milliseconds of the anchors (see `pace_of`) as they were for most of the survey."""
        return float(np.median([item.pace for item in self.timed]))

    def pace(self) -> float:
        """Time the anchors; return their milliseconds now."""
        with tempfile.TemporaryDirectory() as folder:
            beside, _ = self.anchors(Path(folder)).time({}, SECONDS_EACH, self.seed)
        return pace_of(beside.values())

    def result(self) -> Survey:
        """Fit the models to all that was timed.

        Raises:
            DataError: Too few networks were timed.
        """
        if self.architectures < FEWEST // 2:
            raise DataError(f"a survey needs {FEWEST // 2} networks; {self.architectures} timed.")
        models, errors = {}, {}
        pace = self.usual_pace
        for runtime in self.runtimes:
            own = [item for item in self.timed if item.design["runtime"] == runtime]
            vectors = stack(self.family, [item.design for item in own])
            times = np.array([item.latency_ms * pace / item.pace for item in own])
            groups = np.array([item.group for item in own])
            models[runtime] = fit(vectors, times)
            predicted = held_out(vectors, times, groups)
            precisions = np.array([deployment(item.design).precision for item in own])
            for precision in np.unique(precisions):
                rows = precisions == precision
                fitted = int(rows.sum()) * 4 // 5
                errors[runtime, str(precision)] = error_of(predicted[rows], times[rows], fitted)
        kept = [item for item in self.timed if item.design["runtime"] in self.runtimes]
        sizes = np.array([item.size_bytes for item in kept], float)
        size_model = fit_size(self.family, [item.design for item in kept], sizes)
        return Survey(
            self.family, dict(self.runtimes), tuple(kept), models, errors, size_model, pace,
            tuple(self.dropped),
        )  # fmt: skip

    def save(self, file: Path) -> None:
        """Write what was timed to a JSON file."""
        rows = [
            [dict(item.design), item.group, item.latency_ms, item.size_bytes, item.pace]
            for item in self.timed
        ]
        write_json(file, {"runtimes": self.runtimes, "dropped": self.dropped, "timed": rows})

    def load(self, file: Path) -> None:
        """Go on from what `save` wrote."""
        plain = read_json(file)
        self.runtimes = {name: tuple(floats) for name, floats in plain["runtimes"].items()}
        self.dropped = list(plain["dropped"])
        self.timed = [Timed(Design(design), *rest) for design, *rest in plain["timed"]]

    def _deployments(self, architecture: Design, rng: np.random.Generator) -> list[Design]:
        """List the deployments in which an architecture is timed."""
        space = deployment_space(self.runtimes, self.family.stages)
        designs = []
        for runtime, floats in self.runtimes.items():
            for precision in (*floats, "int8"):
                designs.append(Design(deployed(architecture, runtime, precision)))
            fixed = {"runtime": runtime, f"{runtime}.precision": "mixed"}
            stages = {
                choice.name: choice.options[int(rng.integers(2))]
                for choice in space.choices
                if choice.name.startswith(f"{runtime}.") and choice.name not in fixed
            }
            designs.append(Design(dict(architecture) | fixed | stages))
        return designs

    def _time(self, numbers: range, anchors: Anchors) -> None:
        """Time architectures, chunk by chunk, as many chunks at a time as there are boards."""
        chunks = [numbers[start : start + CHUNK] for start in range(0, len(numbers), CHUNK)]
        with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(len(chunks)) as threads:
            written = [self._written(chunk, Path(folder)) for chunk in chunks]
            for timed in threads.map(partial(self._timed, anchors), written):
                self.timed += timed

    def _written(self, numbers: range, folder: Path) -> list[_Written]:
        """Write the files of architectures, in all that they are timed in."""
        rng = np.random.default_rng((self.seed, 1, numbers.start))
        return [
            _Written(design, number, self.written(design, folder))
            for number in numbers
            for design in self._deployments(self._architecture(number), rng)
        ]

    def _timed(self, anchors: Anchors, chunk: Sequence[_Written]) -> list[Timed]:
        """Time the files of a chunk in turn."""
        files = {it.design.id: it.file for it in chunk}
        beside, timings = anchors.time(files, SECONDS_EACH, self.seed)
        pace = pace_of(beside.values())
        return [
            Timed(
                it.design, it.group, timings[it.design.id].median_ms,
                it.file.file.stat().st_size, pace,
            )
            for it in chunk
        ]  # fmt: skip

    def anchors(self, folder: Path) -> Anchors:
        """Write the networks that are timed with all others, for the first runtime."""
        name, can = next(iter(self.target.runtimes.items()))
        files = {
            f"anchor {scale:g}": self.written(
                Design(deployed(self.family.scaled(scale), name, can.float_precisions[0])), folder
            )
            for scale in SCALES
        }
        return Anchors(self.target, files, paces=list(dict.fromkeys(it.pace for it in self.timed)))

    def written(self, design: Design, folder: Path) -> TimedFile:
        """Write the file of a design with random weights."""
        how = deployment(design)
        return TimedFile(self.build(design, folder), how.runtime, how.float_precision)

    def _architecture(self, number: int) -> Design:
        """Draw an architecture: the ends first, then small, medium and large ones in turn.

        Uniform draws crowd in the middle; a third leans to the first options, a third to the last.
        """
        if number == 0:
            return self.family.smallest()
        if number == 1:
            return self.family.largest()
        rng = np.random.default_rng((self.seed, 0, number))
        lean = (number % 3 - 1) * rng.random()
        genes = np.empty(len(self.family.space), np.int64)
        for position, choice in enumerate(self.family.space.choices):
            place = rng.random()
            if choice.ordered:
                place = place ** np.exp(-1.5 * lean)
            genes[position] = int(place * len(choice.options))
        return self.family.space.from_genes(genes)

    def build(self, design: Design, folder: Path) -> Path:
        """Write the file of a design with random weights."""
        how = deployment(design)
        resolution = self.family.resolution(design)
        shape = (self.family.channels, resolution, resolution)
        plain = folder / f"{self.family.space.part_of(design).id}.onnx"
        if not plain.exists():
            export(Network(self.family.blueprint(design)).eval(), plain, shape)
        if not how.quantized:
            return plain
        file = folder / f"{design.id}.onnx"
        images = np.random.default_rng(self.seed).standard_normal((1, *shape), np.float32)
        quantize(plain, file, images, runtime=how.runtime, keep_float=float_nodes(how))
        return file

    def _drop_slow(self) -> None:
        """Leave out runtimes that were near the best for no architecture, in no precision."""
        best: dict[int, float] = {}
        for item in self.timed:
            best[item.group] = min(best.get(item.group, np.inf), item.latency_ms)
        for runtime in list(self.runtimes):
            ratio = min(
                item.latency_ms / best[item.group]
                for item in self.timed
                if item.design["runtime"] == runtime
            )
            if ratio > NEAR:
                del self.runtimes[runtime]
                self.dropped.append(
                    f"{runtime} is left out: for none of {PILOT} networks it came within "
                    f"{NEAR:g} times the fastest runtime (nearest: {ratio:.2f} times)."
                )


def survey_file(cache: Path, family: Family, target: Target, seed: int) -> Path:
    """Return where the survey of a family on a target is kept."""
    return cache / "surveys" / f"{target.id}-{family.space.fingerprint}-{seed}-v{VERSION}.json"
