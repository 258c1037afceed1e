"""The survey of a new device from about ten networks, where other devices were surveyed."""

import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sartor.cost import transfer
from sartor.cost.kernels.chains import write_chain
from sartor.cost.kernels.kernel import Kernel
from sartor.cost.kernels.model import Prediction
from sartor.cost.kernels.sample import Sample
from sartor.cost.kernels.survey import Fingerprint, KernelSurvey
from sartor.cost.kernels.surveyor import KernelSurveyor
from sartor.cost.kernels.table import Group, Matrix, Vector
from sartor.cost.prediction import LatencyError
from sartor.cost.transfer import UnseenDevice
from sartor.errors import DamagedFileError, OptionError
from sartor.study import read_json, write_json
from sartor.targets import Target

VERSION = 1
"""Of the file."""
FEWEST = 5
"""Networks that are measured at least."""
POOL = 300
"""Networks of the known surveys among which those are chosen that tell most."""
SECONDS_EACH = 0.3
"""Time for one network in each of the processes in which all of them are timed in turn."""


@dataclass(frozen=True, slots=True)
class TransferredSurvey:
    """What is known of a device of which few networks were measured, by surveys of others."""

    fingerprint: Fingerprint
    """Of the new target."""
    runtime: str
    known: tuple[KernelSurvey, ...]
    """Of other targets, in the same runtime."""
    device: UnseenDevice
    samples: tuple[Sample, ...]
    """What was measured; the kernels are those that were seen on the first known target."""

    @property
    def errors(self) -> Mapping[str, LatencyError]:
        """How far the measured networks were off when the others alone were used."""
        names = dict.fromkeys(it.precision for it in self.samples)
        return {", ".join(names): self.device.error}

    def predict(self, networks: Sequence[Sequence[Kernel]]) -> list[Prediction]:
        """Predict networks, each given as its kernels."""
        rows, coverage = _coordinates(self.known, self.device.known, networks)
        found = self.device.latency_ms(rows)
        expected = self.device.interval(rows)
        return [
            Prediction(value, low, high, known.coverage, known.macs_coverage, known.unknown)
            for value, low, high, known in zip(
                found.tolist(),
                expected.low_ms.tolist(),
                expected.high_ms.tolist(),
                coverage,
                strict=True,
            )
        ]

    def save(self, file: Path) -> None:
        """Write everything to a JSON file, the known surveys among it.

        Raises:
            RunFolderError: The disk is full, or the folder cannot be written.
        """
        write_json(
            file,
            {
                "transferred": VERSION,
                "fingerprint": dict(self.fingerprint),
                "runtime": self.runtime,
                "known": [it.to_json() for it in self.known],
                "device": self.device.to_json(),
                "samples": [it.to_json() for it in self.samples],
            },
        )

    @classmethod
    def from_json(cls, plain: Mapping[str, Any], file: Path) -> "TransferredSurvey":
        """Read what `save` wrote.

        Raises:
            DamagedFileError: It is damaged, or is of another version.
        """
        try:
            if plain["transferred"] != VERSION:
                raise DamagedFileError(
                    f"{file} is a transferred survey of version {plain['transferred']}; this "
                    f"program reads version {VERSION}. Survey the target anew."
                )
            return cls(
                dict(plain["fingerprint"]),
                str(plain["runtime"]),
                tuple(KernelSurvey.from_json(it, file) for it in plain["known"]),
                UnseenDevice.from_json(plain["device"]),
                tuple(Sample.from_json(it) for it in plain["samples"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            if isinstance(error, DamagedFileError):
                raise
            raise DamagedFileError(f"{file} is no transferred survey: {error}.") from error


def load_survey(file: Path) -> KernelSurvey | TransferredSurvey:
    """Read a survey of either kind.

    Raises:
        FileNotFoundError: There is no such file.
        DamagedFileError: It is no survey of kernels, is damaged, or is of another version.
    """
    plain = read_json(file)
    if isinstance(plain, dict) and "transferred" in plain:
        return TransferredSurvey.from_json(plain, file)
    return KernelSurvey.from_json(plain, file)


def transfer_survey(
    target: Target,
    known: Sequence[KernelSurvey],
    *,
    runtime: str,
    networks: int = 10,
    seed: int = 0,
    report: Callable[[float], None] | None = None,
) -> TransferredSurvey:
    """Measure a few networks on a target, and learn the rest from surveys of other targets.

    The networks are those of the known surveys whose measurement tells most about all others.

    Args:
        target: The new one.
        known: Surveys of other targets in the same runtime, at least one.
        runtime: Of the new target.
        networks: To measure.
        seed: Decides among which networks is chosen.
        report: Told the share that is done, 0 to 1.

    Raises:
        OptionError: The known surveys are of another runtime, or there are too few networks.
        UnknownNameError: The target lacks the runtime.
        MeasurementError: A process crashed or did not end in time.
    """
    if networks < FEWEST:
        raise OptionError(f"networks is {networks}; allowed: {FEWEST} or more.")
    for it in known:
        if it.runtime != runtime:
            raise OptionError(
                f"a known survey is of {it.runtime}, the new device is surveyed in {runtime}; give "
                "surveys of the same runtime."
            )
    pool = _pool(known, networks, seed)
    kernels = [it.kernels for it in pool]
    features = _features(known, kernels)
    times = _known_ms(known, kernels)
    learned = transfer.learn(features, times)
    rows = learned.describe(features, times)
    chosen = [pool[place] for place in transfer.choose(learned, rows, networks)]
    samples = _measured(target, runtime, chosen, seed, report)
    measured_rows, _ = _coordinates(known, learned, [it.kernels for it in samples])
    device = transfer.fit(learned, measured_rows, np.array([it.milliseconds for it in samples]))
    fingerprint = dict(target.only(runtime).fingerprint)
    return TransferredSurvey(fingerprint, runtime, tuple(known), device, tuple(samples))


def _pool(known: Sequence[KernelSurvey], networks: int, seed: int) -> list[Sample]:
    """Draw chains of the known surveys: they can be written again, on any machine."""
    chains = [it for survey in known for it in survey.samples if "block" in json.loads(it.origin)]
    if len(chains) < networks:
        raise OptionError(
            f"the known surveys hold {len(chains)} networks that can be written again; "
            f"{networks} are to be measured. Give longer surveys."
        )
    drawn = np.random.default_rng(seed).permutation(len(chains))[:POOL]
    return [chains[place] for place in drawn]


def _measured(
    target: Target,
    runtime: str,
    chosen: Sequence[Sample],
    seed: int,
    report: Callable[[float], None] | None,
) -> list[Sample]:
    """Time networks in turn on the new target."""
    precisions = tuple(dict.fromkeys(it.precision for it in chosen))
    surveyor = KernelSurveyor(target, runtime, precisions, seed)
    how = target.how(seconds_each=SECONDS_EACH, seed=seed)
    with tempfile.TemporaryDirectory() as folder:
        files = {}
        for number, it in enumerate(chosen):
            file = Path(folder) / f"{number}.onnx"
            shape = write_chain(json.loads(it.origin), file)
            files[str(number)] = surveyor.written(file, shape, it.precision)
        timings = target.place.time_files(files, how, report)
    return [
        Sample(it.origin, it.precision, it.kernels, it.shares, timing.median_ms, (1.0, 1.0))
        for it, timing in zip(chosen, timings.values(), strict=True)
    ]


def _coordinates(
    known: Sequence[KernelSurvey],
    learned: transfer.KnownDevices,
    networks: Sequence[Sequence[Kernel]],
) -> tuple[Matrix, list[Prediction]]:
    """Return what an unseen device is predicted from, and the predictions of the first known."""
    predicted = [survey.predict(networks) for survey in known]
    times = {
        str(place): np.array([it.milliseconds for it in found])
        for place, found in enumerate(predicted)
    }
    return learned.describe(_features(known, networks), times), predicted[0]


def _known_ms(
    known: Sequence[KernelSurvey], networks: Sequence[Sequence[Kernel]]
) -> dict[str, Vector]:
    return {
        str(place): np.array([it.milliseconds for it in survey.predict(networks)])
        for place, survey in enumerate(known)
    }


def _features(known: Sequence[KernelSurvey], networks: Sequence[Sequence[Kernel]]) -> Matrix:
    """Count calls, millions of multiply-adds and of bytes in every group, (n, 3 g)."""
    groups: list[Group] = sorted({it for survey in known for it in survey.model.table.groups})
    places = {group: place for place, group in enumerate(groups)}
    found = np.zeros((len(networks), 3 * len(groups)))
    for row, network in enumerate(networks):
        for kernel in network:
            place = places.get(kernel.group)
            if place is not None:
                told = (1.0, kernel.macs / 1e6, kernel.moved_bytes / 1e6)
                found[row, 3 * place : 3 * place + 3] += told
    return found
