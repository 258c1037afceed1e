"""An agent with the settings that `agents` gives: `python agent_process.py JSON`."""

import json
import sys
from pathlib import Path

from sartor_agent.server.command import Place, serve
from sartor_agent.server.settings import Settings


def main(given: str) -> None:
    """Serve in this process."""
    settings, place = json.loads(given)
    for name in ("certificate", "key"):
        if name in place:
            place[name] = Path(place[name])
    serve(Settings(**settings, folder=Path("kept")), Place(**place))


if __name__ == "__main__":
    main(sys.argv[1])
