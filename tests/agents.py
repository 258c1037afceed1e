"""Agents in processes of their own, on the loopback address, for tests and benchmarks."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

from sartor.targets.remote import Board, Connection, Patience

TOKEN = "a token for tests alone"
QUICK = Patience(reach_s=20, lent_s=20)
MAIN = Path(__file__).with_name("agent_process.py")


def number_in(file: Path) -> int:
    """Wait until a process has written a number into a file."""
    for _ in range(600):
        if file.exists() and (text := file.read_text()):
            return int(text)
        time.sleep(0.05)
    raise AssertionError(f"{file} was not written")


@dataclass
class Agent:
    """A `sartor-agent` whose worker is made up, which can be killed and started anew."""

    folder: Path
    settings: dict[str, Any] = field(default_factory=dict)
    place: dict[str, Any] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    port: int = 0
    process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        """Start it, on the same port if it ran before."""
        self.folder.mkdir(exist_ok=True)
        settings = {"worker": "made_up_worker", "token": TOKEN} | self.settings
        place = self.place | {"port": self.port}
        given = json.dumps([settings, place])
        known = os.pathsep.join([str(Path(__file__).parent), *sys.path])
        self.process = subprocess.Popen(
            [sys.executable, str(MAIN), given],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": known, **self.environment},
        )
        assert self.process.stdout is not None
        self.port = int(json.loads(self.process.stdout.readline())["port"])

    def kill(self) -> None:
        """End it without warning."""
        self.end(signal.SIGKILL)

    def end(self, number: int = signal.SIGTERM) -> None:
        """Send it a signal and wait for its end."""
        assert self.process is not None
        self.process.send_signal(number)
        self.process.wait(20)
        assert self.process.stdout is not None
        self.process.stdout.close()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def kept(self) -> Path:
        """Its folder of programs and results."""
        return self.folder / "kept"

    @property
    def runs(self) -> int:
        """How often its worker has started to time programs."""
        file = self.folder / "runs"
        return len(file.read_text()) if file.exists() else 0

    def board(self, patience: Patience = QUICK, url: str | None = None) -> Board:
        """Connect to it."""
        return Board(Connection(url or self.url, TOKEN, patience=patience))

    def client(self, token: str = TOKEN) -> httpx2.Client:
        """Return a client that knows nothing of the interface."""
        headers = {"Authorization": f"Bearer {token}"}
        return httpx2.Client(base_url=self.url, headers=headers, trust_env=False, timeout=30)


@contextlib.contextmanager
def running(agent: Agent) -> Iterator[Agent]:
    """Start an agent, and end it with the block."""
    agent.start()
    try:
        yield agent
    finally:
        assert agent.process is not None
        if agent.process.poll() is None:
            agent.end()
