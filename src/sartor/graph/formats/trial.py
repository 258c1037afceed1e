"""Reads a graph in a process of its own first: parsers written in C++ may crash on hostile files.

`python -m sartor.graph.formats.trial` reads one JSON request from standard input.
"""

import json
import sys
from contextlib import suppress
from pathlib import Path

from sartor.errors import SartorError
from sartor.graph.formats.reading import read_graph
from sartor.graph.graph import Graph
from sartor_agent.process import ask
from sartor_agent.program import Shapes

PATIENCE = 120.0
"""Seconds for one file."""


def read_safely(file: Path, shapes: Shapes | None = None) -> Graph:
    """Read a graph that nobody vouches for; see `read_graph`.

    Raises:
        MeasurementError: Reading it crashed, or did not end.
    """
    request = {"file": str(file), "shapes": {n: list(s) for n, s in (shapes or {}).items()}}
    ask(request, PATIENCE, [str(file)], __name__)
    return read_graph(file, shapes)


def main() -> None:
    """Read the graph; what can be refused in a sentence is left to the caller."""
    request = json.loads(sys.stdin.readline())
    with suppress(SartorError, OSError):
        read_graph(Path(request["file"]), request["shapes"])
    json.dump({}, sys.stdout)


if __name__ == "__main__":
    main()
