"""Files of strangers are looked at by a process that each of them may take down."""

import os
import signal
import time
from pathlib import Path

import pytest

from made_up_worker import MARK
from sartor_agent import checking
from sartor_agent.checking import Checker
from sartor_agent.errors import MeasurementError


def file(folder: Path, content: bytes) -> Path:
    one = folder / f"{len(list(folder.iterdir()))}.onnx"
    one.write_bytes(content)
    return one


@pytest.fixture
def checker(monkeypatch: pytest.MonkeyPatch) -> Checker:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1]))
    return Checker("made_up_worker")


def test_one_process_looks_at_many_files(checker: Checker, tmp_path: Path) -> None:
    assert checker.check(file(tmp_path, MARK)) == ".onnx"
    first = checker._process
    for content, reason in ((b"?", "is no model"), (MARK + b"crash", "crashed with SIGSEGV")):
        with pytest.raises(MeasurementError, match=reason):
            checker.check(file(tmp_path, content))
    assert checker.check(file(tmp_path, MARK + b"1")) == ".onnx"
    assert checker._process is first
    checker.rest()
    assert checker._process is None
    assert checker.check(file(tmp_path, MARK)) == ".onnx"
    checker.rest()


def test_a_process_that_the_system_ended_is_started_anew(checker: Checker, tmp_path: Path) -> None:
    checker.check(file(tmp_path, MARK))
    assert checker._process is not None
    os.kill(checker._process.pid, signal.SIGKILL)
    checker._process.wait()
    assert checker.check(file(tmp_path, MARK)) == ".onnx"
    checker.rest()


def test_who_looks_for_too_long_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "PATIENCE_S", 1)

    def hangs(_: Path) -> str:
        time.sleep(60)
        return ".onnx"

    started = time.monotonic()
    found = checking._forked(hangs, tmp_path / "it.onnx", None)
    assert "did not end within 1 s" in found["error"]
    assert time.monotonic() - started < 30


def test_whatever_goes_wrong_ends_with_the_process(tmp_path: Path) -> None:
    def breaks(_: Path) -> str:
        raise IndexError("a table is cut off")

    found = checking._forked(breaks, tmp_path / "it.onnx", None)
    assert found == {"error": "it cannot be read: IndexError: a table is cut off"}


def test_who_looks_has_no_more_memory_than_is_allowed(tmp_path: Path) -> None:
    def greedy(_: Path) -> str:
        return "x" * 2**36

    found = checking._forked(greedy, tmp_path / "it.onnx", 2**33)
    assert found == {"error": "it ran out of memory."}
