"""The agent under faults: what is lost or wrong, what is accepted, and what leaks.

    python benchmarks/agent.py [--measurements 1000] [--requests 10000]

The worker is made up, so that every right answer is known; the rest is what users run. The agent,
its worker and the network that fails are those of the tests.
"""

import argparse
import hashlib
import json
import random
import secrets
import socket
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import psutil

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from agents import TOKEN, Agent, running
from faulty_proxy import Proxy, between
from machine import describe
from made_up_worker import MARK, known_ms
from sartor.errors import MeasurementError
from sartor.targets.remote import Board, Patience
from sartor_agent.fresh import Protocol, TimedFile

SEED = 0
PROGRAMS = 200
BETWEEN_KILLS_S = (5.0, 30.0)
UPLOAD_BYTES = 2**16
LEASE = "0" * 32
WARM_UP = 1000
"""Requests before memory is read for the first time."""


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--measurements", type=int, default=1000)
    parser.add_argument("--requests", type=int, default=10_000)
    options = parser.parse_args()
    print(describe())
    with tempfile.TemporaryDirectory() as folder:
        measure_under_faults(Path(folder), options.measurements)
    with tempfile.TemporaryDirectory() as folder:
        send_malformed(Path(folder), options.requests)


class Killer(threading.Thread):
    """Kills an agent again and again at random moments, and starts it anew."""

    def __init__(self, agent: Agent, rng: random.Random) -> None:
        super().__init__(daemon=True)
        self.agent, self.rng, self.kills = agent, rng, 0
        self.stop = threading.Event()

    def run(self) -> None:
        """Kill until told to stop."""
        while not self.stop.wait(self.rng.uniform(*BETWEEN_KILLS_S)):
            self.agent.kill()
            self.kills += 1
            self.agent.start()


def measure_under_faults(folder: Path, count: int) -> None:
    """Measure programs one after the other while everything fails at random."""
    rng = random.Random(SEED)
    agent = Agent(folder / "agent", {"kept_bytes": 2**20, "upload_bytes": 2**18})
    with running(agent):
        proxy = Proxy(agent.port, rng, cut_share=1.0, cut_bytes=20_000, corrupt_share=0.3)
        killer = Killer(agent, rng)
        with between(proxy), agent.board(Patience(repeats=100), proxy.url) as board:
            killer.start()
            start = time.monotonic()
            found = Counter(_measure(board, folder, number) for number in range(count))
            seconds = time.monotonic() - start
            killer.stop.set()
            killer.join()
    print(f"\n{count} measurements in {seconds:.0f} s; seed {SEED}\n")
    print("| agent killed | connections cut | uploads changed | workers crashed | lost | wrong |")
    print("|---|---|---|---|---|---|")
    crashes = sum(int(it.partition(" ")[2]) * n for it, n in found.items())
    wrong = sum(n for it, n in found.items() if it.startswith("wrong"))
    right = sum(n for it, n in found.items() if it.startswith("right"))
    print(f"| {killer.kills} | {proxy.cuts} | {proxy.corrupted} | {crashes} "
          f"| {count - right - wrong} | {wrong} |")  # fmt: skip


def _measure(board: Board, folder: Path, number: int) -> str:
    """Return whether a measurement was right, and how often its worker crashed before."""
    content = MARK + random.Random(number % PROGRAMS).randbytes(2_000)
    file = folder / "program.onnx"
    file.write_bytes(content)
    it = TimedFile(file, "made_up", "sometimes")
    crashes = 0
    while True:
        try:
            found = board.time_files({"it": it}, Protocol(processes=1, seed=number))["it"]
        except MeasurementError as error:
            if "SIGSEGV" not in str(error):
                return f"lost {crashes}"
            crashes += 1
        else:
            return (
                f"{'right' if found.median_ms == known_ms(content, number) else 'wrong'} {crashes}"
            )


class Mischief:
    """Requests that no agent may accept, drawn at random."""

    def __init__(self, agent: Agent, client: httpx2.Client, rng: random.Random) -> None:
        self.agent, self.client, self.rng = agent, client, rng
        self.kinds: dict[str, Callable[[], int]] = {
            "wrong token": self.wrong_token,
            "no lease": self.no_lease,
            "no path": self.no_path,
            "no JSON": self.no_json,
            "wrong field": self.wrong_field,
            "wrong hash": self.wrong_hash,
            "too large": self.too_large,
            "no HTTP": self.no_http,
            "cut-off upload": self.cut_off,
            "no model": self.no_model,
        }

    def send(self) -> tuple[str, int]:
        """Send one and return its kind and the status of the answer; 0 is none."""
        # Each program that is none costs a process: fewer of them.
        weights = [10] * (len(self.kinds) - 1) + [1]
        kind = self.rng.choices(list(self.kinds), weights)[0]
        try:
            return kind, self.kinds[kind]()
        except httpx2.TransportError:  # the agent hung up before it had read everything
            return kind, 0

    def wrong_token(self) -> int:
        """Ask with another token."""
        token = self.rng.choice([TOKEN[:-1], TOKEN + "x", "x" * self.rng.randrange(1, 5000)])
        headers = {"Authorization": f"Bearer {token}"}
        return self.client.get("/v1/device", headers=headers).status_code

    def no_lease(self) -> int:
        """Ask for a job without the device."""
        path = f"/v1/leases/{secrets.token_hex(16)}/jobs/{secrets.token_hex(16)}"
        return self.client.put(path, json=self.job()).status_code

    def no_path(self) -> int:
        """Ask for what is not there."""
        name = "".join(self.rng.choices("0123456789abcdefG%./~\u00e9", k=self.rng.randrange(1, 60)))
        kind = self.rng.choice(["jobs", "programs", "leases", ".."])
        method = self.rng.choice(["GET", "PUT", "DELETE", "POST", "PATCH"])
        return self.client.request(method, f"/v1/{kind}/x{name}").status_code

    def no_json(self) -> int:
        """Send bytes as a job."""
        body = self.rng.choice([self.rng.randbytes(self.rng.randrange(2000)), b"[" * 50_000])
        return self.put_job(body)

    def wrong_field(self) -> int:
        """Send a job of which one field is not allowed."""
        job = self.job()
        it = job["request"]["files"]["it"]
        place, name = self.rng.choice(
            [(job, "patience_s"), (job["request"], "threads"), (job["request"], "seed"),
             (job["request"], "do"), (job["request"], "seconds_each"), (it, "program"),
             (it, "file"), (it, "shapes"), (it, "runtime"), (it, "precision"), (it, "label")]
        )  # fmt: skip
        place[name] = self.rng.choice([None, -1, 1e300, [], {"a": {}}, "../../etc", "", True, [[]]])
        return self.put_job(json.dumps(job).encode())

    def wrong_hash(self) -> int:
        """Upload a program under the name of another."""
        return self.upload(MARK + self.rng.randbytes(self.rng.randrange(1, 5000)), "1" * 64)

    def too_large(self) -> int:
        """Upload more than is allowed, or of no length."""
        content = bytes(UPLOAD_BYTES + 1) if self.rng.random() < 0.5 else iter([b"a", b"b"])
        return self.upload(content, "1" * 64)

    def no_http(self) -> int:
        """Send bytes."""
        return self.raw(self.rng.randbytes(self.rng.randrange(1, 300)) + b"\r\n\r\n")

    def cut_off(self) -> int:
        """Break an upload off."""
        head = (
            f"PUT /v1/leases/{LEASE}/programs/{'1' * 64} HTTP/1.1\r\nHost: a\r\n"
            f"Authorization: Bearer {TOKEN}\r\nContent-Length: {UPLOAD_BYTES}\r\n\r\n"
        )
        return self.raw(head.encode() + self.rng.randbytes(self.rng.randrange(UPLOAD_BYTES)))

    def no_model(self) -> int:
        """Upload what is no model."""
        content = self.rng.randbytes(self.rng.randrange(1, 5000))
        return self.upload(content, hashlib.sha256(content).hexdigest())

    def job(self) -> dict[str, Any]:
        """Return a job whose program is not there."""
        it = {"program": "2" * 64, "label": "it", "runtime": "made_up", "precision": "fp32"}
        request = {"do": "time", "threads": 1, "files": {"it": it}, "seconds_each": 1, "seed": 0}
        return {"request": request, "patience_s": 30}

    def put_job(self, body: bytes) -> int:
        """Send a body as a job."""
        path = f"/v1/leases/{LEASE}/jobs/{secrets.token_hex(16)}"
        headers = {"Content-Type": "application/json"}
        return self.client.put(path, content=body, headers=headers).status_code

    def upload(self, content: Any, name: str) -> int:  # Any: bytes, or parts of unknown length
        """Send a program."""
        path = f"/v1/leases/{LEASE}/programs/{name}"
        return self.client.put(path, content=content).status_code

    def raw(self, sent: bytes) -> int:
        """Send bytes, hang up, and return the status of the answer."""
        with socket.create_connection(("127.0.0.1", self.agent.port), timeout=30) as opened:
            opened.sendall(sent)
            opened.shutdown(socket.SHUT_WR)
            answer = opened.recv(64)
        return int(answer.split()[1]) if answer.startswith(b"HTTP/1.1 ") else 0


def send_malformed(folder: Path, count: int) -> None:
    """Send what must be refused, and compare what the agent holds before and after."""
    agent = Agent(folder / "agent", {"upload_bytes": UPLOAD_BYTES, "lease_s": 3600.0})
    with running(agent), agent.client() as client:
        assert client.put(f"/v1/leases/{LEASE}", json={"holder": "it"}).status_code == 200
        mischief = Mischief(agent, client, random.Random(SEED))
        for _ in range(WARM_UP):
            mischief.send()
        before = _held(agent)
        start = time.monotonic()
        sent = Counter(mischief.send() for _ in range(count))
        seconds = time.monotonic() - start
        time.sleep(3)  # what was broken off ends
        after = _held(agent)
        assert client.get("/v1/device").status_code == 200
    accepted = sum(number for (_, status), number in sent.items() if 0 < status < 400)
    print(f"\n{count} malformed requests in {seconds:.0f} s, after {WARM_UP} others; seed {SEED}\n")
    print("| kind | sent | answers |\n|---|---|---|")
    for kind in mischief.kinds:
        statuses = {status: number for (it, status), number in sent.items() if it == kind}
        told = ", ".join(f"{status or 'none'}: {n}" for status, n in sorted(statuses.items()))
        print(f"| {kind} | {sum(statuses.values())} | {told} |")
    print("\n| accepted | held by the agent | before | after |\n|---|---|---|---|")
    for place, (name, value) in enumerate(before.items()):
        print(f"| {accepted if not place else ''} | {name} | {value} | {after[name]} |")


def _held(agent: Agent) -> dict[str, str]:
    """Return what a leak would add to."""
    assert agent.process is not None
    process = psutil.Process(agent.process.pid)
    return {
        "resident memory": f"{process.memory_info().rss / 1e6:.1f} MB",
        "open files and sockets": str(process.num_fds()),
        "threads": str(process.num_threads()),
        "processes": str(len(process.children(recursive=True))),
        "files on the disk": str(sum(it.is_file() for it in agent.kept.rglob("*"))),
    }


if __name__ == "__main__":
    main()
