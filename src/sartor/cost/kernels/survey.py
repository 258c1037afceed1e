"""The survey of a runtime's kernels: what was timed, the model fitted to it, and its error."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sartor.cost.kernels.kernel import Kernel
from sartor.cost.kernels.model import FEWEST, KernelModel, Prediction, fit, restore
from sartor.cost.kernels.pace import paced
from sartor.cost.kernels.sample import Pace, Sample
from sartor.cost.kernels.surveyor import KernelSurveyor
from sartor.cost.kernels.table import Vector
from sartor.cost.prediction import LatencyError, error_of
from sartor.errors import DamagedFileError, DataError, OptionError
from sartor.study import read_json, write_json
from sartor.targets import Target

if TYPE_CHECKING:
    from sartor.nets import Family

VERSION = 7
"""Of the file, of what tells kernels apart, and of how they are timed: raised when any changes."""
FOLDS = 5
"""Parts of the networks that are held out in turn, to say how far predictions are off."""
Fingerprint = Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class KernelSurvey:
    """What is known of the kernels of one runtime on one target."""

    fingerprint: Fingerprint
    """Of the target."""
    runtime: str
    seeds: tuple[int, ...]
    """Of the surveys that it holds."""
    samples: tuple[Sample, ...]
    pace: Pace
    """Of the anchors: the speed of the machine that predictions are for."""
    model: KernelModel
    errors: Mapping[str, LatencyError]
    """By precision, on networks that the model was not fitted on."""

    def predict(self, networks: Sequence[Sequence[Kernel]]) -> list[Prediction]:
        """Predict networks, each given as its kernels."""
        return self.model.predict(networks)

    def save(self, file: Path) -> None:
        """Write everything to a JSON file, which another machine can read.

        Raises:
            RunFolderError: The disk is full, or the folder cannot be written.
        """
        write_json(file, self.to_json())

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        return {
            "version": VERSION,
            "fingerprint": dict(self.fingerprint),
            "runtime": self.runtime,
            "seeds": list(self.seeds),
            "pace": list(self.pace),
            "errors": {name: it.to_json() for name, it in self.errors.items()},
            "model": self.model.to_json(),
            "samples": [it.to_json() for it in self.samples],
        }

    @classmethod
    def load(cls, file: Path) -> "KernelSurvey":
        """Read what `save` wrote.

        Raises:
            FileNotFoundError: There is no such file.
            DamagedFileError: It is no survey of kernels, is damaged, or is of another version.
        """
        return cls.from_json(read_json(file), file)

    @classmethod
    def from_json(cls, plain: Mapping[str, Any], file: Path) -> "KernelSurvey":
        """Read what `to_json` wrote into a file, which is named where it is damaged.

        Raises:
            DamagedFileError: It is no survey of kernels, is damaged, or is of another version.
        """
        try:
            version = plain["version"]
            if version != VERSION:
                raise DamagedFileError(
                    f"{file} is a survey of version {version}; this program reads version "
                    f"{VERSION}. Survey the target anew."
                )
            return cls._read(plain)
        except (KeyError, TypeError, ValueError) as error:
            if isinstance(error, DamagedFileError):
                raise
            raise DamagedFileError(f"{file} is no survey of kernels: {error}.") from error

    @classmethod
    def _read(cls, plain: Mapping[str, Any]) -> "KernelSurvey":
        samples = tuple(Sample.from_json(it) for it in plain["samples"])
        short, long = plain["pace"]
        times, pace = paced(samples, (float(short), float(long)))
        model = restore(samples, times, plain["model"])
        errors = {str(name): LatencyError(**it) for name, it in plain["errors"].items()}
        fingerprint, seeds = dict(plain["fingerprint"]), tuple(int(it) for it in plain["seeds"])
        return cls(fingerprint, str(plain["runtime"]), seeds, samples, pace, model, errors)


def survey_of(
    fingerprint: Fingerprint, runtime: str, seeds: Sequence[int], samples: Sequence[Sample]
) -> KernelSurvey:
    """Fit a model to samples, and measure its error on parts of them that are held out.

    Raises:
        DataError: There are too few.
    """
    least = -(-FEWEST * FOLDS // (FOLDS - 1))  # so that enough are left where a part is held out
    if len(samples) < least:
        raise DataError(
            f"a survey of kernels needs {least} networks; {len(samples)} were timed. Give it more "
            "seconds."
        )
    times, pace = paced(samples)
    model = fit(samples, times)
    guessed = _held_out(samples, times)
    precisions = np.array([it.precision for it in samples])
    errors = {
        str(name): error_of(
            guessed[precisions == name],
            times[precisions == name],
            int((precisions == name).sum()) * (FOLDS - 1) // FOLDS,
        )
        for name in dict.fromkeys(precisions.tolist())
    }
    return KernelSurvey(
        dict(fingerprint), runtime, tuple(seeds), tuple(samples), pace, model, errors
    )


def merge(surveys: Sequence[KernelSurvey]) -> KernelSurvey:
    """Join surveys of equal targets into one.

    Args:
        surveys: At least one, of one runtime and one fingerprint, with different seeds.

    Raises:
        OptionError: They are of different targets or runtimes, or a seed is in two of them.
        DataError: There is none.
    """
    if not surveys:
        raise DataError("there is no survey to merge; give at least one.")
    first = surveys[0]
    for it in surveys[1:]:
        if it.runtime != first.runtime:
            raise OptionError(
                f"one survey is of {first.runtime}, another of {it.runtime}; merge surveys of one "
                "runtime."
            )
        for name in {*first.fingerprint, *it.fingerprint}:
            one, other = first.fingerprint.get(name), it.fingerprint.get(name)
            if one != other:
                raise OptionError(
                    f"one survey was made with {name} {one!r}, another with {other!r}; merge "
                    "surveys of equal targets."
                )
    seeds = [seed for it in surveys for seed in it.seeds]
    if len(set(seeds)) < len(seeds):
        raise OptionError(
            f"the surveys have the seeds {seeds}; merge surveys with different seeds, since equal "
            "ones time the same networks."
        )
    samples = [sample for it in surveys for sample in it.samples]
    return survey_of(first.fingerprint, first.runtime, seeds, samples)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a survey of kernels is to time."""

    runtime: str = "onnxruntime"
    precisions: tuple[str, ...] = ("fp32", "int8")
    """Those that the runtime executes."""
    seconds: float = 600.0
    """Time for it."""
    seed: int = 0
    """Decides which networks."""
    family: "Family | None" = None
    """Designs of it are timed as well."""


def survey_kernels(
    target: Target,
    asked: Asked,
    *,
    progress_file: Path | None = None,
    report: Callable[[float, str], None] | None = None,
) -> KernelSurvey:
    """Survey the kernels of a runtime.

    Args:
        target: Where.
        asked: What.
        progress_file: Keeps what was timed, chunk by chunk: a survey that was stopped goes on
            from it when it is asked for again, for as many seconds.
        report: Called before every chunk with the share that is done, 0 to 1, and a sentence.

    Raises:
        OptionError: The target has no such runtime or precision.
        DataError: The seconds were too few.
        DamagedFileError: `progress_file` is damaged.
        RunFolderError: It cannot be written.
    """
    surveyor = KernelSurveyor(target, asked.runtime, asked.precisions, asked.seed, asked.family)
    if progress_file is not None:
        surveyor.load(progress_file)
    keep = None if progress_file is None else surveyor.keep_in(progress_file)
    surveyor.run(seconds=asked.seconds, report=report, keep=keep)
    return survey_of(surveyor.target.fingerprint, asked.runtime, (asked.seed,), surveyor.samples)


def kernel_survey_file(cache: Path, target: Target, asked: Asked) -> Path:
    """Return where the survey of a runtime's kernels on a target is kept."""
    space = "" if asked.family is None else f"-{asked.family.space.fingerprint}"
    used = f"{target.only(asked.runtime).id}-{asked.runtime}"
    name = f"{used}-{'-'.join(asked.precisions)}{space}-{asked.seed}"
    return cache / "kernels" / f"{name}-v{VERSION}.json"


def _held_out(samples: Sequence[Sample], times: Vector) -> Vector:
    """Predict each network by a model that saw it in no precision, (n,)."""
    origins = list(dict.fromkeys(it.origin for it in samples))
    order = np.random.default_rng(0).permutation(len(origins))
    fold = dict(zip(origins, (order % FOLDS).tolist(), strict=True))
    parts = np.array([fold[it.origin] for it in samples])
    guessed = np.empty(len(samples))
    for part in range(FOLDS):
        held = np.flatnonzero(parts == part).tolist()
        rest = np.flatnonzero(parts != part).tolist()
        model = fit([samples[place] for place in rest], times[rest])
        found = model.predict([samples[place].kernels for place in held]) if len(held) else []
        guessed[held] = [it.milliseconds for it in found]
    return guessed
