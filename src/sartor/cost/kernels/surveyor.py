"""Surveying the kernels of a runtime: short networks are timed, chunk by chunk."""

import json
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sartor.cost.anchors import Anchors, pace_of
from sartor.cost.kernels.chains import write_chain
from sartor.cost.kernels.draw import draw, vary
from sartor.cost.kernels.extract import kernels_and_shares
from sartor.cost.kernels.model import fit
from sartor.cost.kernels.pace import paced
from sartor.cost.kernels.sample import Pace, Sample
from sartor.cost.kernels.sketch import Sketch
from sartor.deploy import export, quantize
from sartor.errors import DamagedFileError, OptionError
from sartor.graph.formats import read_onnx
from sartor.study import disk_errors
from sartor.targets import Target, TimedFile, Timing

if TYPE_CHECKING:
    from sartor.nets import Family

CHUNK = 9
"""Networks that are written and then timed in turn, each in every precision. With six, anchors took
nearly half of the time."""
MOST = 90
"""Chunks of a survey: fitting to more takes longer than a minute, and a gigabyte."""
PILOT = 14
"""Chunks that are drawn without regard to errors: a few networks tell little of where those are."""
ROUND = 7
"""Chunks after which the worst networks are looked for anew."""
WORST = 12
"""Networks with the largest errors; others like them are drawn, but none like those: else surveys
wander off to shapes that no network has (18 of 40 chains of dense convolutions had 8 to 24 channels
on maps of 98 to 128 rows)."""
OF_WORST = 3
"""One of so many chains is near one of them."""
WORST_ALIKE = 2
"""Of them, with blocks of one sort: more of those that are hard to tell left little time for others
(of 618 chains 130 were plain convolutions, 12 the two sorts of MobileViT)."""
OF_FAMILY = 4
"""One of so many networks is a design of the family, where one is given."""
SECONDS_EACH = 0.15
"""Time for one program: 7 to a few hundred calls, in blocks. A shared core is at times slow for
more than a second: with 0.05 s, 14 of 24 experiments on 18 programs were slow throughout, and the
times of one network spread by 6 %; with 0.3 s none was, and they spread by 2 to 3 %."""
CALLS = 10
"""That the runtime's profiler watches, to tell the shares of kernels."""
SLOW, TRIES = 1.3, 3
"""Networks are timed again where the anchors took this times what they usually do: the machine then
is not the same one. Smaller differences are divided out; waiting for them to pass cost half of a
survey on a machine that others used as well."""
MOST_MACS = 2.5e8
"""Multiply-adds of a network: longer calls tell no more, and cost time of the survey."""
INT8 = "int8"
SHORT: tuple[Sketch, ...] = (
    {"block": "inverted", "depth": 3, "size": 14, "width": 64, "middle": 256, "group_width": 1,
     "outputs": 64, "kernel": 3, "activation": "relu"},
    {"block": "plain", "depth": 1, "size": 28, "width": 64, "outputs": 64, "kernel": 3,
     "activation": "relu"},
)  # fmt: skip
"""Anchors that take about a millisecond on a server: chains that are timed with all others, in
every precision."""
LONG: tuple[Sketch, ...] = (
    {"block": "plain", "depth": 2, "size": 14, "width": 256, "outputs": 256, "kernel": 3,
     "activation": "relu"},
    {"block": "inverted", "depth": 4, "size": 28, "width": 40, "middle": 240, "group_width": 1,
     "outputs": 40, "kernel": 5, "activation": "hswish", "gate": "hsigmoid", "squeeze": 64},
    {"block": "attention", "depth": 1, "size": 7, "width": 192, "heads": 3, "middle": 768,
     "activation": "gelu"},
)  # fmt: skip
"""Anchors that take as long as small networks, or read as many weights. Times of networks of timm
against chains of a millisecond spread by 3.7 % over 24 experiments, against these, the first of
them with three layers, by 2.4 %; against their own mean, by 2.1 %."""


@dataclass(frozen=True, slots=True)
class _Written:
    """A network that is ready to be timed."""

    origin: str
    precision: str
    """That was asked for."""
    file: TimedFile


@dataclass(slots=True)
class KernelSurveyor:
    """Times short networks on one runtime of a target.

    They are drawn from shapes that published networks have, and every third, from a while on, near
    those that are predicted worst when they are left out.

    Args:
        target: Where.
        runtime: Name of one of its runtimes.
        precisions: Of `fp32`, `bf16` and `int8`, those that the runtime executes.
        seed: Decides which networks.
        family: Designs of it are timed as well, where it is given.

    Source:
        Zhang et al. 2021, nn-Meter, MobiSys: sampling around the largest errors. Differs: chains of
        kernels are timed, not kernels, and one model is fitted to their sums.
    """

    target: Target
    runtime: str
    precisions: Sequence[str]
    seed: int
    family: "Family | None" = None
    samples: list[Sample] = field(default_factory=list)
    chunks: int = 0
    """That were timed."""
    _worst: list[Sketch] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.target = self.target.only(self.runtime)
        floats = self.target.runtimes[self.runtime].float_precisions
        for precision in self.precisions:
            if precision not in (*floats, INT8):
                known = ", ".join((*floats, INT8))
                raise OptionError(
                    f"precision is {precision!r}; {self.runtime} executes here: {known}."
                )

    def run(
        self,
        *,
        seconds: float,
        chunks: int = MOST,
        report: Callable[[float, str], None] | None = None,
        keep: Callable[[], None] | None = None,
    ) -> None:
        """Time networks, or go on, until the seconds are over or so many chunks are done.

        Args:
            seconds: Of this run.
            chunks: In all, at most.
            report: Called before every chunk with the share that is done, 0 to 1, and a sentence.
            keep: Called after every chunk.
        """
        started = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            anchors = self.anchors(Path(folder))
            while self.chunks < chunks:
                share = max((time.monotonic() - started) / max(seconds, 1e-9), self.chunks / chunks)
                if share >= 1:
                    break
                if report is not None:
                    report(share, f"{len(self.samples)} networks timed")
                self._look_for_worst()
                left = min(chunks, (self.chunks // ROUND + 1) * ROUND) - self.chunks
                self._time_chunks(min(left, self.target.place.at_once), anchors, keep)

    def load(self, file: Path) -> None:
        """Go on from what `keep_in` wrote; a line that a kill cut off is forgotten.

        Raises:
            DamagedFileError: A line before the last one is damaged.
        """
        lines = file.read_text("utf-8").splitlines() if file.exists() else []
        for place, line in enumerate(lines):
            try:
                samples = [Sample.from_json(it) for it in json.loads(line)]
            except (ValueError, KeyError, TypeError) as error:
                if place == len(lines) - 1:
                    whole = "".join(it + "\n" for it in lines[:-1])
                    file.write_text(whole, "utf-8")
                    break
                raise DamagedFileError(
                    f"line {place + 1} of {file} is damaged; remove the file to survey anew."
                ) from error
            self.samples += samples
            self.chunks += 1

    def keep_in(self, file: Path) -> Callable[[], None]:
        """Return what appends the last chunk to a file: a `keep` for `run`."""

        def keep() -> None:
            size = CHUNK * len(self.precisions)
            line = json.dumps([it.to_json() for it in self.samples[-size:]])
            with disk_errors(file), file.open("a", encoding="utf-8") as opened:
                opened.write(line + "\n")

        return keep

    def anchors(self, folder: Path) -> Anchors:
        """Write the anchors, and return what times files beside them."""
        files = {}
        for length, sketches in (("short", SHORT), ("long", LONG)):
            for number, sketch in enumerate(sketches):
                file = folder / f"{length}{number}.onnx"
                shape = write_chain(sketch, file)
                for precision in self.precisions:
                    name = f"{length} {number} {precision}"
                    files[name] = self.written(file, shape, precision)
        return Anchors(
            self.target,
            files,
            slow=SLOW,
            tries=TRIES,
            peace=False,
            clock="processor" if self.target.threads == 1 else "wall",
            paces=[_pace_of_all(it) for it in dict.fromkeys(it.pace for it in self.samples)],
        )

    def written(self, file: Path, shape: tuple[int, int, int], precision: str) -> TimedFile:
        """Return a network as it is timed in a precision; int8 is written beside it."""
        floats = self.target.runtimes[self.runtime].float_precisions
        if precision != INT8:
            return TimedFile(file, self.runtime, precision)
        rounded = file.with_suffix(f".{INT8}.onnx")
        images = np.random.default_rng(0).standard_normal((1, *shape), np.float32)
        largest = self.target.largest_weight
        quantize(file, rounded, images, runtime=self.runtime, largest_weight=largest)
        return TimedFile(rounded, self.runtime, floats[0])

    def _time_chunks(self, number: int, anchors: Anchors, keep: Callable[[], None] | None) -> None:
        """Time the next chunks: as many as there are boards, each on one of them."""
        with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(number) as threads:
            written = [
                [
                    it
                    for network in range(chunk * CHUNK, (chunk + 1) * CHUNK)
                    for it in self._network(network, Path(folder))
                ]
                for chunk in range(self.chunks, self.chunks + number)
            ]
            for samples in threads.map(partial(self._timed, anchors), written):
                self.samples += samples
                self.chunks += 1
                if keep is not None:
                    keep()

    def _timed(self, anchors: Anchors, chunk: Sequence[_Written]) -> list[Sample]:
        """Time the networks of a chunk in turn."""
        place, how = self.target.place, self.target.how()
        files = {str(number): it.file for number, it in enumerate(chunk)}
        steps = place.steps(files, how, CALLS)
        executed = [kernels_and_shares(steps[number], self.runtime) for number in files]
        beside, timings = anchors.time(files, SECONDS_EACH, self.seed)
        pace = pace_by_length(beside)
        return [
            Sample(it.origin, it.precision, kernels, shares, timings[number].median_ms, pace)
            for number, it, (kernels, shares) in zip(files, chunk, executed, strict=True)
        ]

    def _network(self, number: int, folder: Path) -> list[_Written]:
        """Write a network in every precision; draw again where it is too large."""
        rng = np.random.default_rng((self.seed, number))
        file = folder / f"{number}.onnx"
        while True:
            if self.family is not None and number % OF_FAMILY == 0:
                origin, shape = self._design(self.family, rng, file)
            else:
                sketch = self._sketch(number, rng)
                origin, shape = json.dumps(dict(sketch)), write_chain(sketch, file)
            if read_onnx(file).macs <= MOST_MACS:
                break
        return [
            _Written(origin, precision, self.written(file, shape, precision))
            for precision in self.precisions
        ]

    def _design(
        self, family: "Family", rng: np.random.Generator, file: Path
    ) -> tuple[str, tuple[int, int, int]]:
        from sartor.nets import Network

        design = family.space.from_genes(rng.integers(family.space.cardinalities))
        pixels = family.resolution(design)
        shape = (family.channels, pixels, pixels)
        export(Network(family.blueprint(design)).eval(), file, shape)
        return json.dumps({"family": family.name, **design}), shape

    def _sketch(self, number: int, rng: np.random.Generator) -> Sketch:
        if self._worst and number % OF_WORST == 0:
            return vary(self._worst[int(rng.integers(len(self._worst)))], rng)
        return draw(rng, number)

    def _look_for_worst(self) -> None:
        """Find the chains whose times the others tell worst, every few chunks.

        What was known at the beginning of the round decides, so that a survey that was stopped goes
        on as if it had not been.
        """
        begun = self.chunks // ROUND * ROUND
        if self.chunks < PILOT or (self._worst and self.chunks != begun):
            return
        known = self.samples[: begun * CHUNK * len(self.precisions)]
        times, _ = paced(known)
        model = fit(known, times)
        error = np.abs(np.log(model.left_out() / times))
        order = [known[place].origin for place in np.argsort(-error)]
        chains = [json.loads(it) for it in dict.fromkeys(order)]
        self._worst = worst_of_each([it for it in chains if "block" in it])[:WORST]


def worst_of_each(sketches: Sequence[Sketch]) -> list[Sketch]:
    """Return the first few drawn sketches of each sort of block, in the same order."""
    taken = Counter[int | str]()
    found = []
    for it in sketches:
        if "varied" in it:
            continue
        taken[it["block"]] += 1
        if taken[it["block"]] <= WORST_ALIKE:
            found.append(it)
    return found


def pace_by_length(timings: Mapping[str, Timing]) -> Pace:
    """Return the pace of the short anchors and of the long ones.

    Args:
        timings: By the names of `KernelSurveyor.anchors`.
    """
    short, long = (
        pace_of(it for name, it in timings.items() if name.startswith(length))
        for length in ("short", "long")
    )
    return short, long


def _pace_of_all(pace: Pace) -> float:
    """Return the geometric mean of all anchors."""
    logs = np.average(np.log(pace), weights=(len(SHORT), len(LONG)))
    return float(np.exp(logs))
