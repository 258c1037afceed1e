"""A fresh process that measures files: `python -m sartor_agent.worker`.

Reads one JSON request, a line of standard input, and writes one JSON answer to standard output.
"""

import dataclasses
import json
import os
import resource
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from sartor_agent import device
from sartor_agent.energy import energy_answer
from sartor_agent.experiment import time_in_turn
from sartor_agent.files import recognise
from sartor_agent.process import stay_with_the_caller
from sartor_agent.program import Program, Runtime
from sartor_agent.runtimes import RUNTIMES

Makers = Mapping[str, Callable[[], Runtime]]


def main(runtimes: Makers) -> None:
    """Answer the request.

    Args:
        runtimes: What makes each runtime that a request may name.
    """
    request = json.loads(sys.stdin.readline())
    stay_with_the_caller()
    if most := request.get("most_bytes"):
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
    if cores := request.get("cores"):
        os.sched_setaffinity(0, cores)
    answers = {
        "time": _time,
        "inspect": _inspect,
        "energy": _energy,
        "check": _check,
        "describe": _describe,
    }
    json.dump(answers[request["do"]](request, runtimes), sys.stdout)


def _time(request: dict[str, Any], runtimes: Makers) -> dict[str, Any]:
    programs = {
        (name, copy): _compiled(it, runtimes, request["threads"])
        for copy in range(request["copies"])
        for name, it in request["files"].items()
    }
    timings = time_in_turn(programs, seconds_each=request["seconds_each"], seed=request["seed"])
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in request["files"]}
    for (name, _), timing in timings.items():
        found[name].append(dataclasses.asdict(timing))
    return found


def _inspect(request: dict[str, Any], runtimes: Makers) -> dict[str, Any]:
    """Measure how much the resident memory grows from the runtime to the first answer."""
    asked = request["file"]
    runtimes[asked["runtime"]]()  # what the library itself takes is no part of the program
    process = psutil.Process()
    before = process.memory_info().rss
    program = _compiled(asked, runtimes, request["threads"])
    rng = np.random.default_rng(0)
    arrays = [port.noise(rng) for port in program.inputs]
    program.run(*arrays)
    peak_bytes = max(0, _peak(process) - before)
    start = time.perf_counter()
    program.run(*arrays)
    call_ms = (time.perf_counter() - start) * 1e3
    steps = program.profile(*arrays, calls=request["calls"]) if request["calls"] else ()
    return {
        "peak_bytes": peak_bytes,
        "call_ms": call_ms,
        "executed": program.executed,
        "inputs": [dataclasses.asdict(it) for it in program.inputs],
        "steps": [dataclasses.asdict(it) for it in steps],
    }


def _check(request: dict[str, Any], _: Makers) -> dict[str, Any]:
    """Say which ending belongs to a file, if it is a self-contained model."""
    return {"ending": recognise(Path(request["file"]))}


def _describe(_: dict[str, Any], runtimes: Makers) -> dict[str, Any]:
    """Say what identifies this device, and what its runtimes can do."""
    found = device.installed(runtimes)
    return {
        "fingerprint": device.fingerprint(1, found),
        "memory_bytes": psutil.virtual_memory().total,
        "runtimes": {
            name: {"version": it.version} | dataclasses.asdict(it.capabilities())
            for name, it in found.items()
        },
    }


def _energy(request: dict[str, Any], runtimes: Makers) -> dict[str, Any]:
    program = _compiled(request["file"], runtimes, request["threads"])
    rng = np.random.default_rng(request["seed"])
    call = program.prepare(*[port.noise(rng) for port in program.inputs])
    return energy_answer(call, request["windows"])


def _compiled(asked: dict[str, Any], runtimes: Makers, threads: int) -> Program:
    runtime = runtimes[asked["runtime"]]()
    return runtime.compile(
        Path(asked["file"]), threads=threads, precision=asked["precision"], shapes=asked["shapes"]
    )


def _peak(process: psutil.Process) -> int:
    """Return the highest resident memory of this process so far, in bytes.

    Not `ru_maxrss`, which begins with the memory of the process that started this one.
    """
    try:
        with open("/proc/self/status") as status:
            for line in status:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) * 1024
    except FileNotFoundError:
        pass  # no Linux: what is resident now has to do
    return int(process.memory_info().rss)


if __name__ == "__main__":
    main(RUNTIMES)
