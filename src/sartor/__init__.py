"""Sartor: neural networks cut to measure.

Every command is a function of the same name here: `sartor.fit(...)`. The verbs are fetched when
they are first used, so that `import sartor` loads neither torch nor a runtime.
"""

import importlib
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sartor.jobs.fit import Run, fit
    from sartor.jobs.measure import measure
    from sartor.jobs.measuring import Measured
    from sartor.jobs.survey import Surveyed, survey

if "OMP_WAIT_POLICY" not in os.environ:
    # Threads of PyTorch wait busily for one another, by default fifteen times as long, also for one
    # that has lost its core: beside a busy program a step of training took three times as long.
    # Read when the library is loaded, and so to be said before that (benchmarks/waiting.py).
    os.environ.setdefault("GOMP_SPINCOUNT", "20000")

__version__ = "0.1.0"
__all__ = ["Measured", "Run", "Surveyed", "fit", "measure", "survey"]
_PLACES = {
    "Measured": "sartor.jobs.measuring",
    "Run": "sartor.jobs.fit",
    "Surveyed": "sartor.jobs.survey",
    "fit": "sartor.jobs.fit",
    "measure": "sartor.jobs.measure",
    "survey": "sartor.jobs.survey",
}


def __getattr__(name: str) -> Any:  # Any: whatever the verb is
    if name in _PLACES:
        return getattr(importlib.import_module(_PLACES[name]), name)
    raise AttributeError(f"module 'sartor' has no attribute {name!r}")
