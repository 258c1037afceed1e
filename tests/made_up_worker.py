"""A worker whose answers are known: they follow from the programs' bytes and the seed.

The precision that is asked for decides what goes wrong; the bytes decide whether a program is one.
"""

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from sartor_agent.arrays import array_from_json, array_to_json
from sartor_agent.checking import serve
from sartor_agent.errors import DamagedFileError
from sartor_agent.process import stay_with_the_caller

MARK = b"program:"
"""With which the content of a program begins."""
ROUNDS = 3


def known_ms(content: bytes, seed: int) -> float:
    """Return the time that is found for a program, in milliseconds."""
    digest = hashlib.sha256(content + seed.to_bytes(8, "big")).digest()
    return 1 + int.from_bytes(digest[:6], "big") / 2**48


def timing(content: bytes, seed: int) -> dict[str, Any]:
    """Return a timing as plain data."""
    value = known_ms(content, seed)
    return {
        "median_ms": value, "low_ms": value, "high_ms": value, "min_ms": value, "p10_ms": value,
        "p90_ms": value, "calls": ROUNDS, "rounds_ms": [value] * ROUNDS, "reason": "", "parts": [],
    }  # fmt: skip


def _check(file: Path) -> str:
    content = file.read_bytes()
    if content.startswith(MARK + b"crash"):
        os.kill(os.getpid(), signal.SIGSEGV)
    if not content.startswith(MARK):
        raise DamagedFileError(f"{file} is no model.")
    return ".onnx"


def _describe(_: dict[str, Any]) -> Any:
    can = {
        "version": "1",
        "formats": [".onnx"],
        "float_precisions": ["fp32"],
        "profiles": True,
        "device": "cpu",
    }
    fingerprint = {"cpu": os.environ.get("MADE_UP_CPU", "made up"), "cores": 2, "threads": 1}
    return {"fingerprint": fingerprint, "memory_bytes": 2**30, "runtimes": {"made_up": can}}


def _time(request: dict[str, Any]) -> Any:
    with Path("runs").open("a") as runs:
        runs.write("x")
    found = {}
    for name, it in request["files"].items():
        go_wrong(it["precision"])
        found[name] = [timing(Path(it["file"]).read_bytes(), request["seed"])]
    return found


def _inspect(request: dict[str, Any]) -> Any:
    go_wrong(request["file"]["precision"])
    content = Path(request["file"]["file"]).read_bytes()
    return {
        "peak_bytes": len(content), "call_ms": known_ms(content, 0), "executed": "fp32",
        "inputs": [{"name": "x", "shape": [1, 3], "kind": "float32", "any_batch": True}],
        "steps": [],
    }  # fmt: skip


def _run(request: dict[str, Any]) -> Any:
    """A program gives what it reads with the other sign."""
    go_wrong(request["file"]["precision"])
    return {"outputs": [array_to_json(-array_from_json(it)) for it in request["inputs"]]}


def go_wrong(how: str) -> None:
    """Do what a program may do to its process."""
    if how == "crash" or (how == "sometimes" and random.random() < 0.05):
        os.kill(os.getpid(), signal.SIGSEGV)
    if how == "memory":
        raise MemoryError
    if how == "hang":
        Path("hangs").write_text(str(os.getpid()))
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        Path("child").write_text(str(child.pid))
        time.sleep(600)
    if how == "chatter":
        print("the runtime says hello")  # noqa: T201
    if how == "second":
        time.sleep(1)


def main() -> None:
    """Answer the request."""
    request = json.loads(sys.stdin.readline())
    if request["do"] == "checks":
        serve(_check, request["most_bytes"])
        return
    stay_with_the_caller()
    answers = {
        "describe": _describe,
        "time": _time,
        "inspect": _inspect,
        "run": _run,
    }
    print(json.dumps(answers[request["do"]](request)))  # noqa: T201


if __name__ == "__main__":
    main()
