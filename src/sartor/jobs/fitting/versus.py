"""Networks to compare with: timm models, trained on the same data for as long."""

from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import nn

from sartor.deploy import export, quantize
from sartor.deploy.opening.timm import read_name
from sartor.jobs.fitting.building import calibration, save_weights
from sartor.jobs.fitting.job import Job
from sartor.jobs.fitting.proxy import Proxy
from sartor.jobs.fitting.tuning import Lesson, teach
from sartor.jobs.fitting.verifying import Program, accuracy_of
from sartor.train import Report
from sartor.units import Measurement

WORSE = 0.005
"""Share of images by which a precision may be less accurate than the most accurate one."""


@dataclass(frozen=True, slots=True)
class Rival:
    """A timm model and the resolution at which it reads images."""

    text: str
    """As the user wrote it."""
    name: str
    resolution: int

    @property
    def id(self) -> str:
        """Name of its folder."""
        return f"versus-{self.name}-{self.resolution}"


def read_rival(text: str, resolution: int) -> Rival:
    """Read `NAME` or `NAME@RESOLUTION`.

    Raises:
        OptionError: The text is written otherwise, or the resolution is no number.
        UnknownNameError: timm has no such model.
    """
    name, given = read_name(text)
    return Rival(text, name, given or resolution)


def make(job: Job, rival: Rival) -> nn.Module:
    """Build a rival with random weights for the task."""
    import timm

    torch.manual_seed(job.asked.seed)
    network: nn.Module = timm.create_model(
        rival.name,
        pretrained=False,
        num_classes=len(job.task.classes),
        in_chans=job.task.channels,
    )
    return network


def train(
    job: Job,
    rival: Rival,
    *,
    seconds: float | None,
    steps: int | None,
    proxy: Proxy,
    report: Report,
) -> tuple[nn.Module, Measurement]:
    """Train a rival from random weights, or read it back; return it and its accuracy."""
    network = make(job, rival)
    folder = job.folder.path / "designs" / rival.id
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "network.safetensors"
    if file.exists():
        network.load_state_dict(load_file(file))
        network.eval()
    else:
        lesson = Lesson(rival.id, network, rival.resolution)
        teach(job, lesson, seconds=seconds, steps=steps, report=report)
        proxy.estimate_norms_(network, rival.resolution)
        save_weights(network, file)
    network = network.to(memory_format=torch.channels_last)
    return network, proxy.accuracy(network, rival.resolution)


def deploy_best(job: Job, network: nn.Module, resolution: int, folder: Path) -> Program:
    """Export a network for every runtime and precision, and keep the fastest that is accurate.

    A precision is accurate enough if it loses at most half a per cent of the validation images
    against the most accurate one.
    """
    candidates = deployments(job, network, resolution, folder)
    split = job.task.validation
    accuracy = {key: accuracy_of(job, it, split).overall.value for key, it in candidates.items()}
    timings = job.target.place.time_in_turn(
        {key: it.timed for key, it in candidates.items()},
        job.target.how(seconds_each=0.5, seed=job.asked.seed),
    )
    enough = max(accuracy.values()) - WORSE
    best = min(
        (key for key in candidates if accuracy[key] >= enough),
        key=lambda key: timings[key].median_ms,
    )
    for file in {it.file for it in candidates.values()} - {candidates[best].file}:
        file.unlink()
    kept = candidates[best]
    return Program(
        kept.file.replace(folder / "model.onnx"), kept.runtime, kept.precision, resolution
    )


def deployments(job: Job, network: nn.Module, resolution: int, folder: Path) -> dict[str, Program]:
    """Export a network for every runtime and precision of the target, each under a name."""
    plain = folder / "float.onnx"
    export(network, plain, (job.task.channels, resolution, resolution))
    images = calibration(job, resolution)
    found = {}
    for name, can in job.target.runtimes.items():
        for precision in can.float_precisions:
            found[f"{name} {precision}"] = Program(plain, name, precision, resolution)
        file = folder / f"int8.{name}.onnx"
        largest = job.target.largest_weight
        quantize(plain, file, images, runtime=name, largest_weight=largest)
        found[f"{name} int8"] = Program(file, name, "fp32", resolution)
    return found
