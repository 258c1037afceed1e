"""A board is a target as this machine is one."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import nn

import sartor
from agents import TOKEN, Agent, running
from sartor.deploy import export
from sartor.errors import BoardError, OptionError

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Agent]:
    folder = tmp_path_factory.mktemp("agent")
    with running(Agent(folder, {"worker": "sartor_agent.worker"})) as one:
        yield one


@pytest.fixture
def tokens(agent: Agent, tmp_path: Path) -> Path:
    file = tmp_path / "tokens.json"
    file.write_text(json.dumps({f"127.0.0.1:{agent.port}": TOKEN}))
    file.chmod(0o600)
    return file


@pytest.fixture
def network(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    export(nn.Sequential(nn.Conv2d(3, 16, 3), nn.ReLU()).eval(), tmp_path / "it.onnx", (3, 16, 16))
    return tmp_path / "it.onnx"


def test_networks_are_measured_on_a_board(agent: Agent, tokens: Path, network: Path) -> None:
    measured = sartor.measure(
        [network, network], target=agent.url, seconds=0.05, processes=2, tokens=tokens
    )
    assert [it.runtime for it in measured.networks] == ["onnxruntime"] * 2
    assert all(it.latency_ms is not None for it in measured.networks)
    assert measured.networks[0].peak_bytes is not None
    assert measured.ratios[0].other == f"{network} (2)"
    assert measured.target["name"] == agent.url


def test_more_threads_than_the_board_has_are_refused(
    agent: Agent, tokens: Path, network: Path
) -> None:
    with pytest.raises(OptionError, match="threads is 1000"):
        sartor.measure(network, target=agent.url, threads=1000, tokens=tokens)


def test_a_board_that_is_not_there_is_told(tmp_path: Path, network: Path) -> None:
    file = tmp_path / "tokens.json"
    file.write_text(json.dumps({"127.0.0.1:9": TOKEN}))
    file.chmod(0o600)
    with pytest.raises(BoardError):
        sartor.measure(network, target="http://127.0.0.1:9", tokens=file)
