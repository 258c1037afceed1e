"""A fresh process that measures files in any runtime: `python -m sartor.targets.worker`."""

from sartor.targets.runtimes import RUNTIMES
from sartor_agent.worker import main

if __name__ == "__main__":
    main({name: RUNTIMES[name] for name in RUNTIMES})
