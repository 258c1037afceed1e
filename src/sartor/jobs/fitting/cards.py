"""The cards of a run: one beside every model."""

import platform
from collections.abc import Mapping
from importlib import metadata
from typing import Any

from sartor.deploy import Card, write_artifact
from sartor.jobs.fitting.building import preprocessing
from sartor.jobs.fitting.job import Job
from sartor.jobs.fitting.summing import Outcome
from sartor.units import Measurement

PACKAGES = ("sartor", "torch", "onnx", "onnxruntime", "openvino", "numpy")


def write_cards(job: Job, outcome: Outcome, summary: Mapping[str, Any]) -> None:
    """Write a card and a script beside the model of every network in the summary."""
    baselines = summary["baselines"]
    entries = {entry["id"]: entry for entry in (*summary["picks"], *baselines["versus"])}
    entries |= {entry["id"]: entry for entry in baselines["scaled"]["verified"]}
    random = baselines["random"]["verified"]
    if random is not None:
        entries[random["id"]] = random
    resolutions = {
        it.candidate.id: job.family.resolution(it.candidate.design) for it in outcome.built
    }
    resolutions |= {it.rival.id: it.rival.resolution for it in outcome.rivals}
    for key, entry in entries.items():
        card = _card(job, entry, resolutions[key], outcome.verified[key].accuracy.per_class)
        write_artifact(job.folder.path / "designs" / key, card)


def _card(
    job: Job, entry: Mapping[str, Any], resolution: int, per_class: Mapping[str, Measurement]
) -> Card:
    return Card(
        model="model.onnx",
        runtime=entry["runtime"],
        precision=entry["precision"],
        float_precision="bf16" if entry["precision"] == "bf16" else "fp32",
        threads=job.target.threads,
        labels=job.task.classes,
        preprocessing=preprocessing(job, resolution).to_json(),
        accuracy=entry["accuracy"],
        accuracy_per_class={name: value.to_json() for name, value in per_class.items()},
        latency_ms=entry["latency_ms"],
        size_bytes=entry["size_bytes"],
        peak_bytes=entry["peak_bytes"],
        macs=entry["macs"],
        params=entry["params"],
        design=entry["design"],
        target={"id": job.target.id, **job.target.fingerprint},
        data={"source": job.task.source, "fingerprint": job.task.fingerprint},
        versions={"python": platform.python_version()}
        | {name: metadata.version(name) for name in PACKAGES},
    )
