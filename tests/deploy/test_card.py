"""What is shipped: a card that keeps its schema, and a script that sees what the network saw."""

import json
import runpy
import subprocess
import sys
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from sartor.deploy import (
    Card,
    export,
    measure_accuracy,
    quantize,
    wilson,
    write_artifact,
)
from sartor.targets import RUNTIMES, Loaded
from sartor.tasks import Preprocessing
from sartor.tasks.preprocessing import resized
from sartor.tasks.sources.folder import BROKEN, FolderSource
from sartor_agent.program import run_rows

SCHEMA = json.loads(
    resources.files("sartor.deploy").joinpath("card.schema.json").read_text(encoding="utf-8")
)
LABELS = ("cat", "dog", "Ærø", "tree", "house")
VERIFIED = {"value": 0.9, "low": 0.8, "high": 0.95, "provenance": "verified"}


def steps(channels: int) -> Preprocessing:
    return Preprocessing(
        cached=24,
        resolution=20,
        channels=channels,
        mean=(0.4, 0.5, 0.6)[:channels],
        std=(0.2, 0.25, 0.3)[:channels],
    )


def card(runtime: str, precision: str, preprocessing: Preprocessing) -> Card:
    return Card(
        model="model.onnx",
        runtime=runtime,
        precision=precision,
        float_precision="bf16" if precision == "bf16" else "fp32",
        threads=1,
        labels=LABELS,
        preprocessing=preprocessing.to_json(),
        accuracy=VERIFIED,
        accuracy_per_class=dict.fromkeys(LABELS, VERIFIED),
        latency_ms=VERIFIED,
        size_bytes=1000,
        peak_bytes=2000,
        macs=None,
        params=100,
        design={"stem.width": 16},
        target={"cpu": "any", "threads": 1},
        data={"source": "photos", "fingerprint": "0123"},
        versions={"python": "3.11"},
    )


def ship(folder: Path, runtime: str, precision: str, channels: int) -> None:
    """Write a network of random weights with its card."""
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv2d(channels, 16, 5, 2),
        nn.Hardswish(),
        nn.Conv2d(16, 16, 3),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(16, len(LABELS)),
    )
    for parameter in network.parameters():
        parameter.data *= 3
    file = folder / "model.onnx"
    export(network, file, (channels, 20, 20))
    if precision == "int8":
        images = np.random.default_rng(0).standard_normal((8, channels, 20, 20), np.float32)
        quantize(file, file, images, runtime=runtime)
    write_artifact(folder, card(runtime, precision, steps(channels)))


def pictures(folder: Path) -> list[Path]:
    """Draw images of several sizes and kinds, in a class folder as a task reads it."""
    (folder / "any").mkdir(parents=True)
    rng = np.random.default_rng(0)
    for number, (mode, shape) in enumerate(
        {"RGB": (40, 30, 3), "L": (24, 24), "RGBA": (9, 50, 4), "I;16": (31, 33)}.items()
    ):
        deep = mode == "I;16"
        pixels = rng.integers(0, 2**16 if deep else 256, shape)
        image = Image.fromarray(pixels.astype(np.uint16 if deep else np.uint8))
        image.save(folder / "any" / f"{number}.png")
    return sorted((folder / "any").iterdir())


def test_a_card_keeps_its_schema(tmp_path: Path) -> None:
    wanted = card("onnxruntime", "int8", steps(3))
    write_artifact(tmp_path, wanted)
    read = json.loads((tmp_path / "card.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(SCHEMA).validate(read)
    assert read == wanted.to_json()
    assert set(read) == set(SCHEMA["properties"])
    assert {path.name for path in tmp_path.iterdir()} == {"card.json", "predict.py"}


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(
    ("runtime", "precision"),
    [("onnxruntime", "fp32"), ("onnxruntime", "int8"), ("openvino", "fp32")],
)
def test_the_script_names_what_the_pipeline_does(
    runtime: str, precision: str, channels: int, tmp_path: Path
) -> None:
    ship(tmp_path, runtime, precision, channels)
    files = pictures(tmp_path / "images")
    done = subprocess.run(
        # -I: neither this package nor the tests' folder may be found.
        [sys.executable, "-I", str(tmp_path / "predict.py"), *map(str, files)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
        cwd=tmp_path / "images",
        env={"PYTHONUTF8": "1"},
    )
    source = FolderSource(tmp_path / "images" / "any" / "..")
    program = RUNTIMES[runtime]().compile(tmp_path / "model.onnx", threads=1, precision="fp32")
    for number, line in enumerate(done.stdout.splitlines()):
        image = steps(channels).apply([as_cached(source, number, channels)])
        logits = run_rows(program, [image])[0][0]
        shares = np.exp(logits - logits.max()) / np.exp(logits - logits.max()).sum()
        best = int(shares.argmax())
        first = line.removeprefix(f"{files[number]} ").split(", ")[0]
        assert first == f"{LABELS[best]} {100 * shares[best]:.1f} %"
        assert len(line.split(", ")) == 3


def test_the_script_says_which_files_are_no_images_and_names_the_others(tmp_path: Path) -> None:
    ship(tmp_path, "onnxruntime", "fp32", 3)
    good = pictures(tmp_path / "images")[0]
    text, cut = tmp_path / "text.png", tmp_path / "cut.png"
    text.write_text("no image")
    cut.write_bytes(good.read_bytes()[:200])
    bad = [tmp_path / "absent.png", text, cut, tmp_path]
    done = subprocess.run(
        [sys.executable, str(tmp_path / "predict.py"), *map(str, [*bad, good])],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert all(
        line.startswith(f"{file} cannot be read as an image: ")
        for line, file in zip(done.stderr.splitlines(), bad, strict=True)
    )
    assert done.stdout.startswith(f"{good} ")
    assert len(done.stdout.splitlines()) == 1


def test_the_script_takes_the_same_files_for_broken_as_a_task_does(tmp_path: Path) -> None:
    ship(tmp_path, "onnxruntime", "fp32", 3)
    assert set(runpy.run_path(str(tmp_path / "predict.py"))["BROKEN"]) == set(BROKEN)


def as_cached(source: FolderSource, number: int, channels: int) -> np.ndarray:
    """Decode an image and bring it to the cache's size and colours."""
    pixels = source.decode(number)
    image = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
    mode = "L" if channels == 1 else "RGB"
    return resized(np.asarray(image.convert(mode)).reshape(*pixels.shape[:2], channels), 24)


def first_pixels(*arrays: np.ndarray) -> tuple[np.ndarray, ...]:
    """Run a program whose logits are the images' first pixels."""
    return (arrays[0].reshape(len(arrays[0]), -1)[:, :3],)


class AsTheyAre:
    """A preprocessing that does nothing."""

    def apply(self, images: Any) -> np.ndarray:  # Any: what a split hands out
        return np.asarray(images, np.float32)


def test_accuracy_is_counted_per_class() -> None:
    found = np.array([0] * 300 + [1] * 100 + [0] * 100)
    labels = np.array([0] * 300 + [1] * 200)
    measured = measure_accuracy(
        Loaded((), first_pixels, rows=256), np.eye(3)[found], labels, AsTheyAre(), "abc"
    )
    assert measured.images == 500
    assert measured.overall.value == 0.8
    assert measured.overall.provenance == "verified"
    assert {name: it.value for name, it in measured.per_class.items()} == {"a": 1.0, "b": 0.5}


def test_wilson_intervals_are_those_of_the_closed_form() -> None:
    """At 0 of n the upper end is z^2 / (n + z^2); the interval mirrors at one half."""
    z2 = 1.959963984540054**2
    for n in (1, 10, 1000):
        low, high = wilson(0, n)
        assert low == 0
        assert high == pytest.approx(z2 / (n + z2))
        for correct in range(0, n + 1, max(1, n // 5)):
            low, high = wilson(correct, n)
            mirrored = wilson(n - correct, n)
            assert (low, high) == pytest.approx((1 - mirrored[1], 1 - mirrored[0]))
            assert 0 <= low <= correct / n <= high <= 1
