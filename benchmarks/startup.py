"""How long `sartor --help` takes, as a whole process.

python benchmarks/startup.py
"""

import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from machine import describe

TRIES = 15


def main() -> None:
    """Print the table."""
    command = [str(Path(sys.executable).with_name("sartor")), "--help"]
    times = []
    for _ in range(TRIES):
        began = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        times.append(time.perf_counter() - began)
    print(describe())
    print(f"{TRIES} runs\n\n| command | median | slowest | target |\n|---|---|---|---|")
    print(f"| sartor --help | {np.median(times):.2f} s | {max(times):.2f} s | 0.5 s |")


if __name__ == "__main__":
    main()
