"""A board gives what this machine would, whatever happens on the way."""

import hashlib
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agents import QUICK, TOKEN, Agent, running
from faulty_proxy import Proxy, between
from made_up_worker import MARK, known_ms
from sartor.errors import BoardError, MeasurementError
from sartor.targets.remote import Board, Connection, Patience, open_board
from sartor.targets.remote import board as board_module
from sartor_agent import fresh
from sartor_agent.fresh import Protocol, TimedFile

HURRIED = Patience(reach_s=1, lent_s=1, repeats=3)
HOW = Protocol(processes=2, seed=5, worker="made_up_worker")


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[Agent]:
    with running(Agent(tmp_path / "agent")) as one:
        yield one


@pytest.fixture
def files(tmp_path: Path) -> dict[str, TimedFile]:
    return {name: program(tmp_path / f"{name}.onnx") for name in "ab"}


def program(file: Path, how: str = "fp32", content: bytes = b"") -> TimedFile:
    file.write_bytes(MARK + (content or file.name.encode()))
    return TimedFile(file, "made_up", how, {"x": (1, 3)})


def known(it: TimedFile, how: Protocol = HOW) -> list[float]:
    content = it.file.read_bytes()
    return [known_ms(content, how.seed + number) for number in range(how.processes)]


def rounds(timing: Any) -> list[float]:
    return sorted(set(timing.rounds_ms))


class InBackground(threading.Thread):
    """Times a file while the test does something to the agent."""

    def __init__(self, board: Board, it: TimedFile) -> None:
        super().__init__(daemon=True)
        self.board, self.it, self.found, self.error = board, it, [0.0], ""
        self.start()

    def run(self) -> None:
        try:
            self.found = rounds(self.board.time_files({"it": self.it}, HOW)["it"])
        except (MeasurementError, BoardError) as error:
            self.error = str(error)

    def wait(self) -> list[float]:
        self.join(120)
        assert not self.error
        return self.found


def until_runs(agent: Agent, number: int) -> None:
    while agent.runs < number:
        time.sleep(0.02)


def test_a_board_gives_what_this_machine_gives(
    agent: Agent, files: dict[str, TimedFile], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]), prepend=":")
    monkeypatch.chdir(tmp_path)
    with agent.board() as board:
        assert board.time_files(files, HOW) == fresh.time_files(files, HOW)
        assert board.inspect_file(files["a"], HOW) == fresh.inspect_file(files["a"], HOW)
        assert board.time_files({}, HOW) == {}
        assert board.fingerprint(2) == {"cpu": "made up", "cores": 2, "threads": 2}
        assert (board.cores, board.memory_bytes) == (2, 2**30)
        assert board.runtimes["made_up"].formats == (".onnx",)


def test_an_agent_that_is_killed_in_the_middle_costs_only_time(
    agent: Agent, tmp_path: Path
) -> None:
    it = program(tmp_path / "a.onnx", "second")
    with agent.board() as board:
        task = InBackground(board, it)
        until_runs(agent, 2)
        agent.kill()
        agent.start()
        assert task.wait() == sorted(known(it))
    assert agent.runs == 3, "what was measured before is not measured again"


def test_a_network_that_is_cut_costs_only_time(agent: Agent, tmp_path: Path) -> None:
    it = program(tmp_path / "a.onnx", "second")
    with between(Proxy(agent.port)) as proxy, agent.board(url=proxy.url) as board:
        task = InBackground(board, it)
        until_runs(agent, 1)
        proxy.is_down = True
        proxy.cut_all()
        time.sleep(1.5)
        proxy.is_down = False
        assert task.wait() == sorted(known(it))
    assert agent.runs == 2, "the agent measured on, and its result was fetched"


def test_uploads_that_arrive_changed_are_sent_again(agent: Agent, tmp_path: Path) -> None:
    it = program(tmp_path / "a.onnx", content=b"x" * 200_000)
    proxy = Proxy(agent.port, corrupt_share=0.7)
    with between(proxy), agent.board(url=proxy.url) as board:
        assert rounds(board.time_files({"it": it}, HOW)["it"]) == sorted(known(it))
    assert proxy.corrupted > 0


def test_a_lease_that_another_client_took_is_waited_for(tmp_path: Path) -> None:
    it = program(tmp_path / "a.onnx", "second")
    with (
        running(Agent(tmp_path / "agent", {"lease_s": 1.0})) as agent,
        between(Proxy(agent.port)) as proxy,
        agent.board(url=proxy.url) as board,
        agent.board() as other,
    ):
        task = InBackground(board, it)
        until_runs(agent, 1)
        proxy.is_down = True
        proxy.cut_all()
        with other.lease():
            proxy.is_down = False
            time.sleep(1)
            assert task.is_alive()
        assert task.wait() == sorted(known(it))


def test_two_clients_at_once_take_turns(agent: Agent, files: dict[str, TimedFile]) -> None:
    with agent.board() as one, agent.board() as other:
        tasks = [InBackground(one, files["a"]), InBackground(other, files["b"])]
        for task in tasks:
            assert task.wait() == sorted(known(task.it))


def test_who_waits_too_long_is_told_who_has_the_board(agent: Agent) -> None:
    with agent.board() as one, agent.board(HURRIED) as other, one.lease(), \
            pytest.raises(BoardError, match=r"lent to \S+@\S+ for \d+ s"):  # fmt: skip
        other.lease().__enter__()


def test_a_lease_is_kept_by_heartbeats(tmp_path: Path) -> None:
    with running(Agent(tmp_path / "agent", {"lease_s": 0.6})) as agent, agent.board() as one, \
            agent.board(HURRIED) as other, one.lease(), \
            pytest.raises(BoardError, match="lent to"):  # fmt: skip
        other.lease().__enter__()


@pytest.mark.parametrize(
    ("how", "said"),
    [("crash", r"a\.onnx failed: .* SIGSEGV"), ("memory", r"a\.onnx failed: .* out of memory")],
)
def test_a_program_that_fails_there_fails_as_here(
    agent: Agent, tmp_path: Path, how: str, said: str
) -> None:
    with agent.board() as board:
        with pytest.raises(MeasurementError, match=said) as failed:
            board.inspect_file(program(tmp_path / "a.onnx", how))
        assert "kept" not in str(failed.value), "no path of the board is shown"
        assert board.inspect_file(program(tmp_path / "a.onnx")).executed == "fp32"


def test_a_file_that_is_no_program_is_refused(agent: Agent, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("import os")
    with agent.board() as board:
        with pytest.raises(MeasurementError, match=r"does not take \S+a\.py: .* no model"):
            board.inspect_file(TimedFile(tmp_path / "a.py", "made_up", "fp32"))
        with pytest.raises(MeasurementError, match=r"b\.py cannot be read"):
            board.inspect_file(TimedFile(tmp_path / "b.py", "made_up", "fp32"))
        with pytest.raises(MeasurementError, match=r"unknown runtime 'none'"):
            board.inspect_file(TimedFile(program(tmp_path / "c").file, "none", "fp32"))


def test_a_board_too_small_for_the_files_of_one_job_says_so(tmp_path: Path) -> None:
    bounds = {"kept_bytes": 1000, "upload_bytes": 900}
    files = {it: program(tmp_path / it, content=it.encode() * 700) for it in "ab"}
    with running(Agent(tmp_path / "agent", bounds)) as agent, agent.board(HURRIED) as board:
        with pytest.raises(BoardError, match="larger --kept-mib"):
            board.time_files(files, HOW)
        big = program(tmp_path / "big", content=b"x" * 1000)
        with pytest.raises(MeasurementError, match=r"takes 900\. Start its agent with a larger"):
            board.inspect_file(big)


def test_a_lease_that_ends_before_a_long_upload_is_taken_anew(agent: Agent, tmp_path: Path) -> None:
    it = program(tmp_path / "a.onnx", content=b"x" * 20_000_000)
    with agent.board() as board, board.lease():
        assert board._lease is not None
        board._connection.send("DELETE", board._lease.path)
        name = hashlib.sha256(it.file.read_bytes()).hexdigest()
        board._upload(name, it.file)
        assert rounds(board.time_files({"it": it}, HOW)["it"]) == sorted(known(it))


def test_a_wrong_token_is_said_at_once(agent: Agent) -> None:
    with pytest.raises(BoardError, match=r"refuses the token: .* wrong"):
        Board(Connection(agent.url, TOKEN[:-1], patience=QUICK))


def test_a_board_that_has_gone_is_given_up(agent: Agent, tmp_path: Path) -> None:
    with agent.board(HURRIED) as board:
        agent.kill()
        with pytest.raises(BoardError, match="has not answered for 1 s; is sartor-agent running"):
            board.inspect_file(program(tmp_path / "a.onnx"))


def test_a_board_that_loses_everything_is_given_up(
    agent: Agent, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with agent.board(HURRIED) as board:
        lost = {"state": "lost", "error": "it rained."}
        monkeypatch.setattr(board, "_outcome", lambda *_: lost)
        with pytest.raises(BoardError, match=r"the same measurement 3 times.*it rained"):
            board.inspect_file(program(tmp_path / "a.onnx"))


def test_an_agent_of_another_version_is_refused(
    agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(board_module, "INTERFACE", 2)
    with pytest.raises(BoardError, match="speaks version 1 of the interface; here it is 2"):
        agent.board()


def test_a_certificate_of_ones_own_is_trusted_when_it_is_given(tmp_path: Path) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is absent: no certificate can be made")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
            "-nodes", "-keyout", str(key), "-out", str(certificate), "-days", "2",
            "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]  # fmt: skip
    subprocess.run(made, check=True, capture_output=True)
    place = {"certificate": str(certificate), "key": str(key)}
    with running(Agent(tmp_path / "agent", place=place)) as agent:
        url = f"https://localhost:{agent.port}"
        with open_board(url, token=TOKEN, certificate=certificate) as board:
            assert board.inspect_file(program(tmp_path / "a.onnx")).executed == "fp32"
        with pytest.raises(BoardError, match=r"certificate of \S+ is not trusted"):
            open_board(url, token=TOKEN)
        with pytest.raises(BoardError, match="has not answered"):
            Board(Connection(agent.url, TOKEN, patience=HURRIED))
    with pytest.raises(BoardError, match="is no certificate"):
        open_board(url, token=TOKEN, certificate=tmp_path / "a.onnx")
