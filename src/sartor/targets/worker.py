"""A fresh process that measures files: `python -m sartor.targets.worker`.

Reads one JSON request from standard input and writes one JSON answer to standard output.
"""

import json
import sys
from pathlib import Path
from typing import Any

import psutil

from sartor.targets.experiment import time_in_turn
from sartor.targets.protocol import RUNTIMES
from sartor.targets.runtimes import onnxruntime, openvino  # noqa: F401  (registers them)


def main() -> None:
    """Answer the request."""
    request = json.load(sys.stdin)
    answer = {"time": _time, "memory": _memory}[request["do"]](request)
    json.dump(answer, sys.stdout)


def _time(request: dict[str, Any]) -> dict[str, Any]:
    programs = {}
    for name, file, runtime, precision in request["files"]:
        programs[name] = RUNTIMES[runtime]().load(
            Path(file), threads=request["threads"], precision=precision
        )
    timings = time_in_turn(programs, seconds_each=request["seconds_each"], seed=request["seed"])
    return {
        name: {field: getattr(timing, field) for field in timing.__slots__}
        for name, timing in timings.items()
    }


def _memory(request: dict[str, Any]) -> dict[str, int]:
    """Measure how much the resident memory grows from the runtime to the first answer."""
    import numpy as np

    runtime = RUNTIMES[request["runtime"]]()
    process = psutil.Process()
    before = process.memory_info().rss
    program = runtime.load(
        Path(request["file"]), threads=request["threads"], precision=request["precision"]
    )
    program.run(np.zeros((1, *program.input_shape), np.float32))
    return {"peak_bytes": max(0, _peak(process) - before)}


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
    main()
