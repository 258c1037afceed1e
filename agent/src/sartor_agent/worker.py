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
from sartor_agent.arrays import array_from_json, array_to_json
from sartor_agent.checking import serve
from sartor_agent.energy import energy_answer
from sartor_agent.errors import OptionError
from sartor_agent.experiment import time_in_turn
from sartor_agent.files import recognise
from sartor_agent.process import stay_with_the_caller
from sartor_agent.program import Program, Runtime, run_rows
from sartor_agent.runtimes import RUNTIMES

Makers = Mapping[str, Callable[[], Runtime]]
LARGEST_ANSWER = 2**25
"""Bytes of the outputs that a client is sent."""


def main(runtimes: Makers) -> None:
    """Answer the request.

    Args:
        runtimes: What makes each runtime that a request may name.
    """
    request = json.loads(sys.stdin.readline())
    if request["do"] == "checks":
        serve(recognise, request["most_bytes"])
        return
    stay_with_the_caller()
    if most := request.get("most_bytes"):
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
    if cores := request.get("cores"):
        os.sched_setaffinity(0, cores)
    answers = {
        "time": _time,
        "inspect": _inspect,
        "run": _run,
        "energy": _energy,
        "profile": _profile,
        "describe": _describe,
    }
    json.dump(answers[request["do"]](request, runtimes), sys.stdout)


def _time(request: dict[str, Any], runtimes: Makers) -> dict[str, Any]:
    programs = {
        (name, copy): _compiled(request["files"][name], runtimes, request["threads"])
        for copy in range(request["copies"])
        for name in loading_order(list(request["files"]), copy + request["seed"])
    }
    timings = time_in_turn(
        programs,
        seconds_each=request["seconds_each"],
        seed=request["seed"],
        clock=request["clock"],
    )
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in request["files"]}
    for (name, _), timing in timings.items():
        found[name].append(dataclasses.asdict(timing))
    return found


def loading_order(names: list[str], number: int) -> list[str]:
    """Turn the order around every other time.

    What is loaded first is slower by a fifth of a percent on average: a file against itself showed
    it. Over two copies, and over two processes, that evens out.
    """
    return names[::-1] if number % 2 else names


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
    return {
        "peak_bytes": peak_bytes,
        "call_ms": call_ms,
        "executed": program.executed,
        "inputs": [dataclasses.asdict(it) for it in program.inputs],
        "steps": _steps(program, request["calls"]),
    }


def _run(request: dict[str, Any], runtimes: Makers) -> dict[str, Any]:
    """Run a program on what is given, and return what it gives."""
    program = _compiled(request["file"], runtimes, request["threads"])
    found = run_rows(program, [array_from_json(it) for it in request["inputs"]])
    size = sum(it.nbytes for it in found)
    if size > LARGEST_ANSWER:
        raise OptionError(
            f"the program gives {size} bytes; allowed: {LARGEST_ANSWER}. Run fewer inputs at once."
        )
    return {"outputs": [array_to_json(it) for it in found]}


def _profile(request: dict[str, Any], runtimes: Makers) -> dict[str, Any]:
    """Tell what several files execute; one that crashes takes all with it."""
    return {
        name: _steps(_compiled(it, runtimes, request["threads"]), request["calls"])
        for name, it in request["files"].items()
    }


def _steps(program: Program, calls: int) -> list[dict[str, Any]]:
    rng = np.random.default_rng(0)
    arrays = [port.noise(rng) for port in program.inputs]
    steps = program.profile(*arrays, calls=calls) if calls else ()
    return [dataclasses.asdict(it) for it in steps]


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
