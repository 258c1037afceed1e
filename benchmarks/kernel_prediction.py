"""How near predictions from kernels come, on networks that the survey never timed.

    python benchmarks/kernel_prediction.py [--seconds 600] [--mobile 100] [--timm 30]
    python benchmarks/kernel_prediction.py --seconds 120 --mobile 20 --timm 4     # a short run
    python benchmarks/kernel_prediction.py --runtime openvino

One survey of the kernels of a runtime, fp32 and int8 together; one of four networks that it times
is a design of the mobile family (seed 0), the others are synthetic chains: it times no network of
timm. Then random designs of the family (seed 1) and networks of timm with random weights are timed
beside the anchors of the survey, three times minutes apart, and the medians compared with the
predictions at the speed that the machine had in the survey, as the anchors tell it. How far the
three times lie apart says how near any prediction can come. The networks of timm are, of ten of
its classes, those with the smallest SHA-256 of their names that have at most 12 million parameters,
read at most 256 pixels, and can be exported.
"""

import argparse
import hashlib
import json
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from machine import describe
from sartor import targets
from sartor.cost.kernels import (
    Asked,
    Kernel,
    KernelSurvey,
    KernelSurveyor,
    Pace,
    Prediction,
    at_pace,
    kernels_of,
    pace_by_length,
    survey_kernels,
)
from sartor.cost.prediction import error_of
from sartor.deploy import export
from sartor.errors import OptionError
from sartor.nets import Family, Network, mobile
from sartor.targets import Target, TimedFile

CLASSES = (
    "resnet", "mobilenetv3", "efficientnet", "regnet", "convnext", "vision_transformer", "deit",
    "mobilevit", "densenet", "ghostnet",
)  # fmt: skip
"""Files of timm's models."""
MOST_PARAMS = 12e6
MOST_PIXELS = 256
TOGETHER = 10
"""Designs that are timed in turn."""
SECONDS_EACH = 0.35
"""In each pass. A network of 30 ms is called ten times."""
PASSES = 3
"""Times that each network is timed, minutes apart; the median counts."""
PRECISIONS = ("fp32", "int8")
Shape = tuple[int, int, int]
Files = dict[tuple[str, str], TimedFile]
"""By name and precision."""


@dataclass(frozen=True)
class Measured:
    """A network under test."""

    source: str
    """`mobile` or `timm`."""
    name: str
    precision: str
    kernels: tuple[Kernel, ...]
    timed_ms: float
    pace: Pace
    """Of the anchors, timed in turn with it."""
    usual: Pace
    """Of the survey."""
    spread: float
    """Longest of the times of its passes, at one pace, over the shortest."""

    @property
    def milliseconds(self) -> float:
        """At the pace of the survey."""
        return brought(self.timed_ms, self.pace, self.usual)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--mobile", type=int, default=100)
    parser.add_argument("--timm", type=int, default=30)
    parser.add_argument("--runtime", default="onnxruntime")
    parser.add_argument("--progress", type=Path, help="keeps the survey, to go on from")
    parser.add_argument(
        "--save", type=Path, help="where the survey is written, or read if it is there"
    )
    parser.add_argument("--measured", type=Path, help="the same for the networks under test")
    parser.add_argument("--list", action="store_true", help="print every network of timm")
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    torch.manual_seed(0)
    target = targets.open("cpu")
    family = mobile(resolution=32, channels=3, classes=10)
    wanted = Asked(
        runtime=asked.runtime, precisions=PRECISIONS, seconds=asked.seconds, seed=0, family=family
    )
    started = time.monotonic()
    if asked.save is not None and asked.save.exists():
        survey = KernelSurvey.load(asked.save)
    else:
        survey = survey_kernels(target, wanted, progress_file=asked.progress)
        if asked.save is not None:
            survey.save(asked.save)
    took = time.monotonic() - started
    print(describe())
    print(f"{asked.runtime}; {len(survey.samples)} networks timed, {took:.0f} s, fit included\n")
    print_survey(survey)
    with tempfile.TemporaryDirectory() as folder:
        tester = Tester(target, survey, Path(folder))
        found = measured_once(
            asked.measured,
            lambda: [*tester.designs(family, asked.mobile), *tester.networks(asked.timm)],
            survey.pace,
        )
    predicted = survey.predict([it.kernels for it in found])
    print_errors(found, predicted)
    plain = replace(survey.model, weights=np.zeros_like(survey.model.weights))
    print("\nthe same by the sum of costs alone, without what near kernels say\n")
    print_errors(found, plain.predict([it.kernels for it in found]))
    if asked.list:
        print_networks(found, predicted)


class Tester:
    """Times networks beside the anchors of a survey."""

    def __init__(self, target: Target, survey: KernelSurvey, folder: Path) -> None:
        self._target = target
        self._survey = survey
        self._folder = folder
        surveyor = KernelSurveyor(target, survey.runtime, PRECISIONS, seed=0)
        self._surveyor = surveyor
        self._anchors = surveyor.anchors(folder)

    def designs(self, family: Family, number: int) -> Iterator[Measured]:
        """Time random designs."""
        sets = []
        for start in range(0, number, TOGETHER):
            files: Files = {}
            for place in range(start, min(number, start + TOGETHER)):
                rng = np.random.default_rng((1, place))
                design = family.space.from_genes(rng.integers(family.space.cardinalities))
                pixels = family.resolution(design)
                network = Network(family.blueprint(design)).eval()
                file = self._folder / f"design{place}.onnx"
                export(network, file, (family.channels, pixels, pixels))
                files |= self._written(str(place), file, (family.channels, pixels, pixels))
            sets.append(files)
        yield from self._timed("mobile", sets)

    def networks(self, number: int) -> Iterator[Measured]:
        """Time networks of timm, as many of each class."""
        sets = []
        for place, name in enumerate(CLASSES):
            each = number // len(CLASSES) + (place < number % len(CLASSES))
            sets += [
                self._written(file.stem, file, shape) for file, shape in self._of_class(name, each)
            ]
        yield from self._timed("timm", sets)

    def _of_class(self, module: str, number: int) -> Iterator[tuple[Path, Shape]]:
        import timm

        names = timm.list_models(module=module)
        for name in sorted(names, key=lambda it: hashlib.sha256(it.encode()).hexdigest()):
            if number == 0:
                return
            with torch.device("meta"):
                try:
                    empty = timm.create_model(name)
                except RuntimeError as error:  # it computes with its weights while it is built
                    print(f"{name} is left out: it cannot be built without weights: {error}")
                    continue
            about = timm.get_pretrained_cfg(name)
            shape: Shape = (3, 224, 224) if about is None else about.input_size
            params = sum(it.numel() for it in empty.parameters())
            if params > MOST_PARAMS or max(shape) > MOST_PIXELS:
                continue
            file = self._folder / f"{name}.onnx"
            try:
                export(timm.create_model(name).eval(), file, shape)
            except OptionError as error:
                print(f"{name} is left out: {error}")
                continue
            number -= 1
            yield file, shape

    def _written(self, name: str, file: Path, shape: Shape) -> Files:
        return {(name, it): self._surveyor.written(file, shape, it) for it in PRECISIONS}

    def _timed(self, source: str, sets: Sequence[Files]) -> Iterator[Measured]:
        """Time networks, those of a set in turn, set after set, pass after pass."""
        found: dict[tuple[str, str], list[tuple[float, Pace]]] = {}
        usual = self._survey.pace
        for number in range(PASSES):
            for files in sets:
                keyed = {" ".join(it): file for it, file in files.items()}
                anchors, timings = self._anchors.time(keyed, SECONDS_EACH, seed=1 + number)
                pace = pace_by_length(anchors)
                for it in files:
                    found.setdefault(it, []).append((timings[" ".join(it)].median_ms, pace))
        for files in sets:
            keyed = {" ".join(it): file for it, file in files.items()}
            steps = self._target.place.steps(keyed, self._target.how(), calls=1)
            for it in files:
                kernels = kernels_of(steps[" ".join(it)], self._survey.runtime)
                passes = sorted(found[it], key=lambda it: brought(it[0], it[1], usual))
                spread = brought(*passes[-1], usual) / brought(*passes[0], usual)
                yield Measured(source, *it, kernels, *passes[PASSES // 2], usual, spread)


def brought(milliseconds: float, pace: Pace, usual: Pace) -> float:
    """Return milliseconds as they are at the usual pace."""
    return float(at_pace(np.array([milliseconds]), np.array([pace]), usual)[0])


def measured_once(
    file: Path | None, measure: Callable[[], list[Measured]], usual: Pace
) -> list[Measured]:
    """Read what was measured before, beside this survey or another one, or measure and write it."""
    if file is not None and file.exists():
        return [
            Measured(
                source,
                name,
                precision,
                tuple(Kernel(*it) for it in kernels),
                timed_ms,
                tuple(pace),
                usual,
                spread,
            )
            for source, name, precision, kernels, timed_ms, pace, spread in json.loads(
                file.read_text()
            )
        ]
    found = measure()
    if file is not None:
        plain = [
            [
                it.source,
                it.name,
                it.precision,
                [k.to_json() for k in it.kernels],
                it.timed_ms,
                it.pace,
                it.spread,
            ]
            for it in found
        ]
        file.write_text(json.dumps(plain))
    return found


def print_survey(survey: KernelSurvey) -> None:
    """Print the error that the survey states of itself."""
    print("held out of the survey, five-fold:\n")
    print(
        "| precision | networks | median error | 95 % within | within 10 % |\n|---|---|---|---|---|"
    )
    for precision, error in survey.errors.items():
        print(
            f"| {precision} | {error.networks_held_out} | {100 * error.median_error:.1f} % | "
            f"{100 * error.p95_error:.1f} % | {100 * error.within_10_percent:.0f} % |"
        )


def print_errors(found: Sequence[Measured], predicted: Sequence[Prediction]) -> None:
    """Print the table of errors."""
    columns = ["networks", "number", "median error", "95 % within", "within 10 %", "rank"]
    columns += ["passes within 10 %", "in their interval", "coverage, median (least)"]
    print(f"\n| {' | '.join(columns)} |\n{'|---' * len(columns)}|")
    for source in dict.fromkeys(it.source for it in found):
        for precision in PRECISIONS:
            rows = [
                place
                for place, it in enumerate(found)
                if (it.source, it.precision) == (source, precision)
            ]
            print_row(
                f"{source} {precision}", [found[i] for i in rows], [predicted[i] for i in rows]
            )


def print_row(title: str, found: Sequence[Measured], predicted: Sequence[Prediction]) -> None:
    """Print one row."""
    times: npt.NDArray[np.float64] = np.array([it.milliseconds for it in found])
    error = error_of(np.array([it.milliseconds for it in predicted]), times, 0)
    inside = [p.low_ms <= t <= p.high_ms for p, t in zip(predicted, times, strict=True)]
    coverage = [it.coverage for it in predicted]
    alike = np.mean([it.spread < 1.1 for it in found])
    rank = "" if error.rank_correlation is None else f"{error.rank_correlation:.3f}"
    print(
        f"| {title} | {len(found)} | {100 * error.median_error:.1f} % | "
        f"{100 * error.p95_error:.1f} % | {100 * error.within_10_percent:.0f} % | {rank} | "
        f"{100 * alike:.0f} % | "
        f"{100 * np.mean(inside):.0f} % | {100 * np.median(coverage):.1f} % "
        f"({100 * min(coverage):.1f} %) |"
    )


def print_networks(found: Sequence[Measured], predicted: Sequence[Prediction]) -> None:
    """Print every network of timm."""
    print(
        "\n| network | precision | timed ms | pace | at the survey's pace, ms | predicted ms "
        "| coverage | unknown kernels |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for it, guess in zip(found, predicted, strict=True):
        if it.source == "timm":
            value = f"{guess.milliseconds:.2f} [{guess.low_ms:.2f}, {guess.high_ms:.2f}]"
            slower = it.timed_ms / it.milliseconds
            print(
                f"| {it.name} | {it.precision} | {it.timed_ms:.2f} | {slower:.3f} | "
                f"{it.milliseconds:.2f} | {value} | "
                f"{100 * guess.coverage:.1f} % | {', '.join(guess.unknown)} |"
            )


if __name__ == "__main__":
    main()
