"""An agent is started over adb, and ends with the connection. Against a stub of adb."""

import json
import os
import shlex
import sys
from pathlib import Path

import pytest

from agents import QUICK
from made_up_worker import MARK
from sartor.errors import BoardError, OptionError
from sartor.targets.remote.adb import open_adb
from sartor_agent.fresh import TimedFile

SERIAL = "emulator-5554"
STUB = """
import json, os, sys
with open(LOG, "a") as log:
    log.write(json.dumps(sys.argv[1:]) + "\\n")
match sys.argv[1:]:
    case ["-s", "emulator-5554", "shell", "-T", command]:
        os.execvp("sh", ["sh", "-c", command])
    case ["-s", "emulator-5554", "forward", "tcp:0", there]:
        print(there.removeprefix("tcp:"))
    case ["-s", "emulator-5554", "forward", "--remove", _]:
        pass
    case _:
        sys.exit(f"error: device '{sys.argv[2]}' not found")
"""


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a stub of adb, which logs what it is asked for, and an agent on the path."""
    log, tools = tmp_path / "log", tmp_path / "tools"
    tools.mkdir()
    known = os.pathsep.join([str(Path(__file__).parents[2]), *sys.path])
    code = (
        "import sartor_agent.server.settings as s\n"
        "s.Settings.__init__.__kwdefaults__['worker'] = 'made_up_worker'\n"
        "from sartor_agent.server.command import main\nmain()"
    )
    start = f"exec {shlex.quote(sys.executable)} -c "
    kept = shlex.quote(str(tmp_path / "kept"))
    scripts = {
        "adb": f"{start}{shlex.quote(f'LOG = {str(log)!r}' + STUB)}",
        "sartor-agent": f"{start}{shlex.quote(code)} --folder {kept}",
    }
    for name, line in scripts.items():
        (tools / name).write_text(f'#!/bin/sh\n{line} "$@"\n')
        (tools / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tools), prepend=os.pathsep)
    monkeypatch.setenv("PYTHONPATH", known)
    return log


def asked(log: Path) -> list[list[str]]:
    return [json.loads(line)[2:] for line in log.read_text().splitlines()]


def test_a_board_behind_adb_measures_and_is_left_as_it_was(log: Path, tmp_path: Path) -> None:
    (tmp_path / "a.onnx").write_bytes(MARK)
    with open_adb(f"adb:{SERIAL}", patience=QUICK) as board:
        found = board.inspect_file(TimedFile(tmp_path / "a.onnx", "made_up", "fp32"))
        assert found.peak_bytes == len(MARK)
        port = board._connection.url.rpartition(":")[2]
    commands = asked(log)
    assert commands == [
        ["shell", "-T", "exec sartor-agent --attached --port 0"],
        ["forward", "tcp:0", f"tcp:{port}"],
        ["forward", "--remove", f"tcp:{port}"],
    ]


def test_the_command_may_lie_anywhere_over_there(log: Path) -> None:
    with pytest.raises(BoardError, match=r"cannot be started on adb:.*not found"):
        open_adb(f"adb:{SERIAL}/data/local/tmp/no such agent; true")
    assert asked(log) == [
        ["shell", "-T", "exec '/data/local/tmp/no such agent; true' --attached --port 0"]
    ]


def test_a_device_that_is_not_there_is_said(log: Path) -> None:
    with pytest.raises(BoardError, match="device 'another' not found"):
        open_adb("adb:another")
    assert len(asked(log)) == 1


@pytest.mark.parametrize("address", ["adb:", "adb", "adb:-s", "adb:a b", "ssh:a"])
def test_an_address_of_no_device_is_refused(address: str) -> None:
    with pytest.raises(OptionError, match="give adb:SERIAL"):
        open_adb(address)
