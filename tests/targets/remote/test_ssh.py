"""An agent is started over ssh, and ends with the connection. Against a real sshd."""

import getpass
import os
import shlex
import shutil
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from agents import QUICK
from made_up_worker import MARK
from sartor.errors import BoardError, OptionError
from sartor.targets.remote.ssh import open_ssh
from sartor_agent.fresh import TimedFile

SEPARATED = Path("/run/sshd")
"""Folder that an sshd of root insists on."""


@dataclass
class Host:
    """An sshd of this user on the loopback address."""

    port: int
    config: Path
    """With which ssh knows its key."""
    command: Path
    """Starts the agent over there."""

    @property
    def address(self) -> str:
        """Return what a user types."""
        return f"ssh://{getpass.getuser()}@127.0.0.1:{self.port}{self.command}"


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    sshd = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin")
    if sshd is None or shutil.which("ssh") is None:
        pytest.skip("sshd or ssh is absent: install openssh-server")
    if os.getuid() == 0:
        SEPARATED.mkdir(exist_ok=True)
    folder = tmp_path_factory.mktemp("ssh")
    for name in ("host", "user"):
        made = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)]
        subprocess.run(made, check=True)
    (folder / "authorized").write_bytes((folder / "user.pub").read_bytes())
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    _write_settings(folder, port)
    log = folder / "log"
    process = subprocess.Popen([sshd, "-D", "-f", str(folder / "sshd_config"), "-E", str(log)])
    try:
        _wait_for(port, process, log)
        yield Host(port, folder / "config", _command(folder))
    finally:
        process.terminate()
        process.wait(20)


def _write_settings(folder: Path, port: int) -> None:
    (folder / "sshd_config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder / 'host'}\n"
        f"PidFile {folder / 'pid'}\nAuthorizedKeysFile {folder / 'authorized'}\n"
        "StrictModes no\nPasswordAuthentication no\nUsePAM no\nPermitRootLogin yes\n"
    )
    (folder / "config").write_text(
        f"IdentityFile {folder / 'user'}\nIdentitiesOnly yes\n"
        f"UserKnownHostsFile {folder / 'known'}\nStrictHostKeyChecking accept-new\n"
    )


def _wait_for(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    for _ in range(200):
        if process.poll() is not None:
            pytest.skip(f"sshd does not start here: {log.read_text()[-200:]}")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    pytest.skip("sshd does not listen")


def _command(folder: Path) -> Path:
    """Write what starts an agent with a made-up worker, as its package's script would."""
    known = os.pathsep.join([str(Path(__file__).parents[2]), *sys.path])
    code = (
        "import sartor_agent.server.settings as s\n"
        "s.Settings.__init__.__kwdefaults__['worker'] = 'made_up_worker'\n"
        "from sartor_agent.server.command import main\nmain()"
    )
    file = folder / "sartor agent"
    file.write_text(
        f"#!/bin/sh\nexport PYTHONPATH={shlex.quote(known)}\n"
        f"exec {shlex.quote(sys.executable)} -c {shlex.quote(code)} "
        f'--folder {shlex.quote(str(folder / "kept"))} "$@"\n'
    )
    file.chmod(0o755)
    return file


def agents() -> list[psutil.Process]:
    """Return the agents that were started for a connection."""
    return [it for it in psutil.process_iter(["cmdline"])
            if "--attached" in (it.info["cmdline"] or []) and "python" in it.name()]  # fmt: skip


def test_a_board_behind_ssh_measures_and_its_agent_ends_with_it(host: Host, tmp_path: Path) -> None:
    (tmp_path / "a.onnx").write_bytes(MARK)
    with open_ssh(host.address.replace(" ", "%20"), config=host.config, patience=QUICK) as board:
        found = board.inspect_file(TimedFile(tmp_path / "a.onnx", "made_up", "fp32"))
        assert found.peak_bytes == len(MARK)
        assert board.name.startswith("ssh://")
        started = agents()
        assert started
        token = board._connection._client.headers["Authorization"].partition(" ")[2]
        for process in psutil.process_iter(["cmdline"]):
            assert token not in " ".join(process.info["cmdline"] or []), "seen by every user"
    assert psutil.wait_procs(started, timeout=20)[1] == []


def test_the_tunnel_is_closed_to_others(host: Host) -> None:
    with open_ssh(host.address.replace(" ", "%20"), config=host.config) as board:
        pool = board._connection._client._transport._pool  # type: ignore[attr-defined]
        end = Path(pool._uds)
        assert stat.S_ISSOCK(end.stat().st_mode)
        assert end.parent.stat().st_mode & 0o077 == 0
    assert not end.parent.exists()


def test_a_command_that_is_absent_over_there_is_said(host: Host) -> None:
    address = f"ssh://{getpass.getuser()}@127.0.0.1:{host.port}/no/such/agent"
    with pytest.raises(BoardError, match=r"cannot be started on ssh://\S+: .*(not found|No such)"):
        open_ssh(address, config=host.config)


def test_a_host_that_is_not_there_is_said(host: Host) -> None:
    with pytest.raises(BoardError, match="Connection refused"):
        open_ssh("ssh://127.0.0.1:1", config=host.config)


def test_a_shell_over_there_reads_no_command_from_an_address(host: Host, tmp_path: Path) -> None:
    address = f"ssh://{getpass.getuser()}@127.0.0.1:{host.port}/x;touch%20{tmp_path}/made"
    with pytest.raises(BoardError, match="cannot be started"):
        open_ssh(address, config=host.config)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "address",
    ["ssh://", "ssh://-oProxyCommand=x", "ssh://-l@host", "ssh://a:b@host", "ssh://host:x",
     "ssh://ho st", "ssh://host?x=1", "http://host"],
)  # fmt: skip
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(OptionError, match="no address"):
        open_ssh(address)


def test_a_machine_without_ssh_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BoardError, match="ssh is not installed; ssh://board is reached with it"):
        open_ssh("ssh://board")
