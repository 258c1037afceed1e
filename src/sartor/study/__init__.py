"""The record of a job: its run folder, its trials, its checkpoints.

What is written here is whole or absent, at whatever moment the process was killed.
"""

from sartor.study.atomic import disk_errors, replacing, write_bytes
from sartor.study.cache import CACHE
from sartor.study.checkpoints import Checkpoint, Checkpoints
from sartor.study.clock import StageClock
from sartor.study.folder import RunFolder
from sartor.study.records import OPTUNA_DIRECTIONS, SAME_COST, State, Trial, distributions
from sartor.study.sealed import read_json, write_json
from sartor.study.silence import without_log
from sartor.study.storages import is_url, shown_storage
from sartor.study.trials import Trials

__all__ = [
    "CACHE",
    "OPTUNA_DIRECTIONS",
    "SAME_COST",
    "Checkpoint",
    "Checkpoints",
    "RunFolder",
    "StageClock",
    "State",
    "Trial",
    "Trials",
    "disk_errors",
    "distributions",
    "is_url",
    "read_json",
    "replacing",
    "shown_storage",
    "without_log",
    "write_bytes",
    "write_json",
]
