"""Two equal boards share the work of a search and of a survey; what they lose is done again."""

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import sartor
from agents import TOKEN, Agent, running
from hurried import FAMILY, hurry
from sartor import targets
from sartor.deploy import export
from sartor.errors import RunFolderError
from sartor.targets.remote import Patience, Pool, open_board

pytestmark = pytest.mark.slow
WORKER = {"worker": "onnxruntime_worker"}
EARLY = 20
"""Programs after which a board is killed: of some 30 that each is sent, so that much is left."""


@pytest.fixture
def agents(tmp_path: Path) -> Iterator[list[Agent]]:
    with contextlib.ExitStack() as stack:
        yield [
            stack.enter_context(running(Agent(tmp_path / name, WORKER))) for name in ("one", "two")
        ]


@pytest.fixture
def given(agents: list[Agent], tmp_path: Path) -> dict[str, Any]:
    """Return what names both boards."""
    file = tmp_path / "tokens.json"
    file.write_text(json.dumps({f"127.0.0.1:{it.port}": TOKEN for it in agents}))
    file.chmod(0o600)
    return {"target": ",".join(it.url for it in agents), "tokens": file}


def jobs_of(agent: Agent) -> int:
    """Return how many programs it was sent."""
    return sum(1 for it in agent.kept.rglob("*") if it.is_file())


def test_a_search_uses_both_boards_and_outlives_one_of_them(
    agents: list[Agent], given: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, Any] = {"steps": 20, "picks": 1, "resolution": 12, "family": FAMILY}
    asked |= given | {"cache": tmp_path / "cache"}
    hurry(monkeypatch.setattr)
    hurried = partial(open_board, patience=Patience(reach_s=3.0))
    monkeypatch.setattr("sartor.targets.boards.open_board", hurried)

    def kill_one() -> None:
        while jobs_of(agents[1]) < EARLY:
            time.sleep(0.1)
        agents[1].kill()

    killer = threading.Thread(target=kill_one, daemon=True)
    killer.start()
    run = sartor.fit("sklearn:digits", out=tmp_path / "run", **asked)
    killer.join(1)
    assert not killer.is_alive(), "both boards had work"
    (pick,) = run.summary["picks"]
    assert pick["runtime"] == "onnxruntime"
    assert pick["peak_bytes"] > 0
    for name in ("accuracy", "latency_ms"):
        assert pick[name]["provenance"] == "verified"
    assert run.summary["target"]["name"] == given["target"]
    here = targets.open("cpu").place.load(
        targets.TimedFile(run.folder / pick["file"], "onnxruntime", "fp32"), targets.Protocol()
    )
    assert here.inputs[0].shape[1:][0] == 1
    with pytest.raises(RunFolderError, match="target"):
        sartor.fit("sklearn:digits", out=tmp_path / "run", **(asked | {"target": "cpu"}))


def test_a_survey_of_boards_predicts_networks(given: dict[str, Any], tmp_path: Path) -> None:
    found = sartor.survey(
        precisions=("fp32",), minutes=0.5, out=tmp_path / "it.json", cache=tmp_path, **given
    )
    assert found.survey.errors["fp32"].networks_held_out >= 12
    assert "openvino" not in found.survey.fingerprint
    measured = sartor.measure("timm:resnet18@64", target=f"survey:{found.file}")
    assert measured.networks[0].details["coverage"] > 0.5


def test_what_a_board_runs_is_what_this_machine_runs(given: dict[str, Any], tmp_path: Path) -> None:
    torch.manual_seed(0)
    file = tmp_path / "it.onnx"
    export(nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten()).eval(), file, (3, 8, 8))
    images = np.random.default_rng(0).standard_normal((7, 3, 8, 8), np.float32)
    timed = targets.TimedFile(file, "onnxruntime", "fp32")
    board, here = targets.open(given["target"], tokens=given["tokens"]), targets.open("cpu")
    with contextlib.closing(board.place):
        assert isinstance(board.place, Pool)
        (there,) = board.place.load(timed, board.how()).run(images)
    np.testing.assert_array_equal(there, here.place.load(timed, here.how()).run(images)[0])
