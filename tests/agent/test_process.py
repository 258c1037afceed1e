"""A process that measures ends when it should, with all its children."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from agents import number_in
from sartor_agent.errors import MeasurementError
from sartor_agent.process import Process, ask

WORKER = "made_up_worker"
PATIENCE = 30
HANGING = {
    "do": "time", "seed": 0,
    "files": {"a": {"file": "program", "precision": "hang"}},
}  # fmt: skip


@pytest.fixture(autouse=True)
def _beside_the_worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(Path(__file__).parents[1]), *sys.path]))
    Path("program").write_bytes(b"program:")


def has_ended(pid: int) -> bool:
    """Wait a while for the end of a process."""
    for _ in range(200):
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.05)
    return False


def test_a_program_that_never_ends_is_stopped_with_its_children() -> None:
    with pytest.raises(MeasurementError, match="measuring a did not end within 3 s"):
        ask(HANGING, 3, ["a"], WORKER)
    assert has_ended(number_in(Path("child")))


def test_a_process_is_killed_from_another_thread_with_its_children() -> None:
    process = Process(WORKER)
    process._send(HANGING)
    child = number_in(Path("child"))
    process.kill()
    process.kill()
    with pytest.raises(MeasurementError, match="SIGKILL"):
        process.answer({}, PATIENCE, ["a"])
    assert has_ended(child)


def test_a_process_ends_with_who_started_it() -> None:
    code = f"from sartor_agent.process import ask; ask({HANGING!r}, 60, ['a'], {WORKER!r})"
    caller = subprocess.Popen([sys.executable, "-c", code])
    worker, child = number_in(Path("hangs")), number_in(Path("child"))
    caller.send_signal(signal.SIGKILL)
    caller.wait()
    assert has_ended(worker)
    assert has_ended(child)


def test_nothing_stays_open_after_an_answer() -> None:
    request = {"do": "describe"}
    before = psutil.Process().num_fds()
    for _ in range(3):
        assert ask(request, PATIENCE, ["this device"], WORKER)["memory_bytes"] == 2**30
    assert psutil.Process().num_fds() == before


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("crash", "crashed with SIGSEGV"),
        ("memory", "ran out of memory"),
        ("chatter", "gave no answer but 'the runtime says hello"),
    ],
)
def test_what_went_wrong_is_said(how: str, said: str) -> None:
    files = {"a": {"file": "program", "precision": how}}
    with pytest.raises(MeasurementError, match=said):
        ask({"do": "time", "seed": 0, "files": files}, PATIENCE, ["a"], WORKER)
