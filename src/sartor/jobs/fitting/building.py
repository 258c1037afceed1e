"""From a candidate to files: cut out, tuned, exported, quantized."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save
from torch import nn

from sartor.cost.designs import Deployment, count, deployment, float_nodes
from sartor.deploy import export, quantize
from sartor.jobs.fitting.candidates import Candidate
from sartor.jobs.fitting.heats import Heat
from sartor.jobs.fitting.job import Job
from sartor.jobs.fitting.proxy import Proxy
from sartor.jobs.fitting.teaching import Teacher
from sartor.jobs.fitting.tuning import Lesson, image_seconds, side_by_side_gain, teach
from sartor.nets import Network, Supernet, resize
from sartor.study import write_bytes
from sartor.tasks import Preprocessing
from sartor.train import Report
from sartor.units import Measurement

LEAST_GAIN = 0.9
"""Of the costliest candidate, for all to be trained side by side: smaller ones gain more."""
CALIBRATION = 256
"""Training images from which the ranges of int8 activations are taken."""


@dataclass(frozen=True, slots=True)
class Built:
    """A network that was tuned."""

    candidate: Candidate
    file: Path
    """There once it is exported."""
    inherited: Measurement
    """Accuracy of the float network on the validation split, with the supernet's weights."""
    tuned: Measurement
    """The same after tuning."""

    @property
    def how(self) -> Deployment:
        """How it is executed."""
        return deployment(self.candidate.design)


@dataclass(frozen=True, slots=True)
class Builder:
    """Makes the files of candidates, and skips what is there already."""

    job: Job
    supernet: Supernet
    proxy: Proxy

    def cost(self, candidate: Candidate) -> float:
        """Return what it costs to train a candidate for one image, measured once: seconds, or
        multiply-adds where the budget is in steps, so that the run repeats.
        """
        if self.job.asked.seconds is None:
            return float(count(self.job.family, candidate.design).macs)
        record = f"finish/costs/{candidate.id}"
        known = self.job.folder.load_json_or_none(record)
        if known is None:
            known = {"seconds": image_seconds(self.job, self._fresh(candidate))}
            self.job.folder.save_json(record, known)
        return float(known["seconds"])

    def side_by_side_pays(self, candidate: Candidate, places: int) -> bool:
        """Tell whether candidates like this one get further side by side than in turn, measured
        once: shares of the time depend on it.
        """
        record = "finish/side-by-side"
        known = self.job.folder.load_json_or_none(record)
        if known is None:
            known = {"gain": side_by_side_gain(self.job, self._fresh(candidate), places)}
            self.job.folder.save_json(record, known)
        return float(known["gain"]) > LEAST_GAIN

    def _fresh(self, candidate: Candidate) -> Lesson:
        """Make a candidate with random weights."""
        network = Network(self.job.family.blueprint(candidate.design))
        return Lesson(candidate.id, network, self._resolution(candidate))

    def tune(
        self,
        candidate: Candidate,
        teacher: Teacher | None,
        *,
        seconds: float | None,
        steps: int | None,
        report: Report,
    ) -> Built:
        """Tune a candidate and keep its weights in `designs/<id>/`.

        Args:
            candidate: What is tuned.
            teacher: Teaches it, if it knows more; or None.
            seconds: Time for tuning; None where `steps` is given.
            steps: Steps of tuning, or None.
            report: Called about once a second with the share done and the loss.
        """
        record = f"designs/{candidate.id}/tuning"
        known = self.job.folder.load_json_or_none(record)
        file = self.folder(candidate) / "model.onnx"
        if known is None:
            known = self._tune(candidate, teacher, seconds, steps, report)
            file.unlink(missing_ok=True)  # of weights whose record was damaged
            self.job.folder.save_json(record, known)
        return Built(
            candidate, file, Measurement(**known["inherited"]), Measurement(**known["tuned"])
        )

    def export(self, built: Built) -> None:
        """Write the file of a network that was tuned.

        Not while others are trained: tracing changes what calling a module does, in all threads.
        """
        if not built.file.exists():
            self.write(built.candidate, self.load(built.candidate), built.file)

    def heat(
        self,
        candidate: Candidate,
        *,
        seconds: float | None,
        steps: int | None,
        report: Report,
    ) -> Heat:
        """Tune a candidate for a short time, and keep its weights.

        Args:
            candidate: Tuned on from here if it is built.
            seconds: Time; None where `steps` is given.
            steps: Steps, or None.
            report: Called about once a second with the share done and the loss.
        """
        known = self.job.folder.load_json_or_none(self._heat(candidate))
        if known is None:
            network, resolution = self.inherited(candidate), self._resolution(candidate)
            inherited = self.proxy.accuracy(network, resolution)
            lesson = Lesson(f"{candidate.id}-heat", network, resolution)
            teach(self.job, lesson, seconds=seconds, steps=steps, report=report)
            self.proxy.estimate_norms_(network, resolution)
            tuned = self.proxy.accuracy(network, resolution)
            save_weights(network, self._heat_weights(candidate))
            known = {"inherited": inherited.to_json(), "tuned": tuned.to_json()}
            self.job.folder.save_json(self._heat(candidate), known)
            self._forget(lesson)
        return Heat(
            candidate,
            Measurement(**known["inherited"]),
            Measurement(**known["tuned"]),
            self.cost(candidate),
        )

    def had_heat(self, candidate: Candidate) -> bool:
        """Tell whether a candidate was tuned for a short time already."""
        return self.job.folder.load_json_or_none(self._heat(candidate)) is not None

    def folder(self, candidate: Candidate) -> Path:
        """Return the folder of a design, made where it is missing."""
        folder = self.job.folder.path / "designs" / candidate.id
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def inherited(self, candidate: Candidate) -> Network:
        """Cut a network out, with its batch-norm statistics estimated."""
        network = self.supernet.cut(candidate.design).to(memory_format=torch.channels_last)
        self.proxy.estimate_norms_(network, self._resolution(candidate))
        return network

    def load(self, candidate: Candidate) -> Network:
        """Read a tuned network back."""
        return self._read(candidate, self.folder(candidate) / "network.safetensors")

    def as_teacher(self, built: Built) -> Teacher:
        """Let a tuned network teach others."""
        network = self.load(built.candidate).to(memory_format=torch.channels_last)
        resolution = self._resolution(built.candidate)
        return Teacher(
            built.candidate.id, lambda images: network(resize(images, resolution)), built.tuned
        )

    def largest_accuracy(self) -> Measurement:
        """Measure the accuracy of the supernet's largest network."""
        design = self.supernet.family.largest()
        network = self.supernet.cut(design).to(memory_format=torch.channels_last)
        resolution = self.supernet.family.resolution(design)
        self.proxy.estimate_norms_(network, resolution)
        return self.proxy.accuracy(network, resolution)

    def write(self, candidate: Candidate, network: nn.Module, file: Path) -> None:
        """Export a network as its design says, by way of a file beside it: none is partial."""
        how = deployment(candidate.design)
        resolution = self._resolution(candidate)
        shape = (self.job.task.channels, resolution, resolution)
        plain, done = file.with_suffix(".float.onnx"), file.with_suffix(".part.onnx")
        export(network, plain, shape)
        if how.quantized:
            quantize(
                plain,
                done,
                calibration(self.job, resolution),
                runtime=how.runtime,
                keep_float=float_nodes(how),
                largest_weight=self.job.target.largest_weight,
            )
            plain.unlink()
        else:
            shutil.move(plain, done)
        done.replace(file)

    def _resolution(self, candidate: Candidate) -> int:
        return self.job.family.resolution(candidate.design)

    def _read(self, candidate: Candidate, file: Path) -> Network:
        network = Network(self.job.family.blueprint(candidate.design))
        network.load_state_dict(load_file(file))
        return network.eval()

    def _start(self, candidate: Candidate) -> tuple[Network, Measurement, Measurement]:
        """Return where tuning begins, the accuracy of the inherited weights, and that of these."""
        heat = self.job.folder.load_json_or_none(self._heat(candidate))
        if heat is not None:
            network = self._read(candidate, self._heat_weights(candidate))
            return network, Measurement(**heat["inherited"]), Measurement(**heat["tuned"])
        network = self.inherited(candidate)
        inherited = self.proxy.accuracy(network, self._resolution(candidate))
        return network, inherited, inherited

    def _heat(self, candidate: Candidate) -> str:
        return f"finish/heats/{candidate.id}"

    def _heat_weights(self, candidate: Candidate) -> Path:
        return self.job.folder.path / "training" / "heats" / f"{candidate.id}.safetensors"

    def _forget(self, lesson: Lesson) -> None:
        """Remove the checkpoints of a training that has ended."""
        shutil.rmtree(self.job.folder.path / "training" / lesson.name, ignore_errors=True)

    def _tune(
        self,
        candidate: Candidate,
        teacher: Teacher | None,
        seconds: float | None,
        steps: int | None,
        report: Report,
    ) -> Mapping[str, Any]:
        resolution = self._resolution(candidate)
        network, inherited, before = self._start(candidate)
        # One that knows less than the student already does would only hold it back.
        able = teacher if teacher and teacher.accuracy.value > before.value else None
        lesson = Lesson(candidate.id, network, resolution, able)
        done = teach(self.job, lesson, seconds=seconds, steps=steps, report=report)
        self.proxy.estimate_norms_(network, resolution)
        tuned = self.proxy.accuracy(network, resolution)
        folder = self.folder(candidate)
        save_weights(network, folder / "network.safetensors")
        write_bytes(folder / "design.json", candidate.design.to_json().encode())
        self._forget(lesson)
        return {
            "inherited": inherited.to_json(),
            "tuned": tuned.to_json(),
            "taught_by": able.name if able else None,
            "seconds": done.seconds,
            "steps": done.step,
        }


def save_weights(network: nn.Module, file: Path) -> None:
    """Write a network's weights in one step."""
    # Not by `save_file`, whose errors do not tell a full disk from others.
    write_bytes(file, save({name: it.contiguous() for name, it in network.state_dict().items()}))


def calibration(job: Job, resolution: int) -> np.ndarray:
    """Return training images as a runtime will read them, (n, c, r, r)."""
    split = job.task.train
    every = max(1, len(split) // CALIBRATION)
    images = split.images[::every][:CALIBRATION]
    return preprocessing(job, resolution).apply(images)


def preprocessing(job: Job, resolution: int) -> Preprocessing:
    """Return what is done to an image before a network of `resolution` reads it."""
    task = job.task
    return Preprocessing(
        cached=task.resolution,
        resolution=resolution,
        channels=task.channels,
        mean=task.mean,
        std=task.std,
    )
