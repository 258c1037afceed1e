"""What `make demo` leaves behind. Not collected by itself: `.ci/run` names it after the demo."""

import json
import re
import subprocess
import sys
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from sartor.report import read_summary

ROOT = Path(__file__).parents[2]
RUN = ROOT / "runs" / "demo"
KEPT = {".json", ".onnx", ".safetensors", ".html", ".yaml"}


@pytest.fixture(scope="module")
def summary() -> dict[str, Any]:
    return dict(read_summary(RUN))


def test_the_run_ended_with_networks(summary: dict[str, Any]) -> None:
    assert summary["status"] == "done"
    assert len(summary["picks"]) >= 2
    assert summary["baselines"]["random"]["verified"] is not None
    assert max(pick["accuracy"]["value"] for pick in summary["picks"]) > 0.9


def test_the_summary_follows_its_schema() -> None:
    schema = resources.files("sartor.report").joinpath("summary.schema.json").read_text("utf-8")
    summary = json.loads((RUN / "summary.json").read_text("utf-8"))
    jsonschema.Draft202012Validator(json.loads(schema)).validate(summary)


def test_every_delivered_number_is_verified(summary: dict[str, Any]) -> None:
    for pick in summary["picks"]:
        for name in ("accuracy", "latency_ms"):
            measured = pick[name]
            assert measured["provenance"] == "verified"
            assert measured["low"] <= measured["value"] <= measured["high"]
        assert pick["size_bytes"] == (RUN / pick["file"]).stat().st_size


def test_the_report_needs_nothing_beside_itself() -> None:
    page = (RUN / "report.html").read_text("utf-8")
    assert "<html" in page
    # What a browser would load: sources, style sheets, frames and imports. "data:" lies inside.
    loads = r"""(?:\bsrc|\bsrcset|<link[^>]*\bhref)\s*=\s*["']?|@import\s*|url\(\s*["']?"""
    assert re.findall(rf"(?:{loads})(?!data:|#)[^\s>]{{1,60}}", page) == []


def test_every_model_names_digits_with_its_own_script(
    summary: dict[str, Any], tmp_path: Path
) -> None:
    scans = load_digits()
    files = []
    for number in range(10):
        image = np.rint(scans.images[number] * (255 / 16)).astype(np.uint8)
        files.append(tmp_path / f"{scans.target[number]}-{number}.png")
        Image.fromarray(image).resize((32, 32), Image.Resampling.BILINEAR).save(files[-1])
    best = max(summary["picks"], key=lambda pick: pick["accuracy"]["value"])
    for pick in summary["picks"]:
        folder = (RUN / pick["file"]).parent
        card = json.loads((folder / "card.json").read_text("utf-8"))
        assert card["labels"] == [str(number) for number in range(10)]
        done = subprocess.run(
            [sys.executable, str(folder / "predict.py"), *map(str, files)],
            capture_output=True,
            text=True,
            check=True,
            cwd=tmp_path,
        )
        lines = done.stdout.splitlines()
        assert len(lines) == len(files)
        right = sum(
            line.split()[1] == file.name[0] for line, file in zip(lines, files, strict=True)
        )
        if pick is best:
            assert right >= 8


def test_the_study_opens_in_optuna(summary: dict[str, Any]) -> None:
    import optuna

    storage = f"sqlite:///{RUN / 'study.db'}"
    (name,) = optuna.study.get_all_study_names(storage)
    study = optuna.load_study(study_name=name, storage=storage)
    found = [trial for trial in study.trials if trial.user_attrs.get("origin") == "search"]
    assert len(found) >= summary["search"]["evaluations"]


def test_giving_the_command_again_prints_the_result_and_changes_nothing(
    summary: dict[str, Any],
) -> None:
    before = {file: file.read_bytes() for file in RUN.rglob("*") if file.suffix in KEPT}
    done = subprocess.run(
        ["make", "--no-print-directory", "demo"],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "report: runs/demo/report.html" in done.stdout
    for pick in summary["picks"]:
        assert f"runs/demo/{pick['file']}" in done.stdout
    assert {file: file.read_bytes() for file in before} == before
