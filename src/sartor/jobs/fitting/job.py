"""What all stages of a fit share."""

from dataclasses import dataclass
from pathlib import Path

from sartor.jobs.fitting.asked import Asked
from sartor.jobs.progress import Progress
from sartor.nets import Family
from sartor.study import RunFolder
from sartor.targets import Target
from sartor.tasks import Task


@dataclass(frozen=True, slots=True)
class Job:
    """A fit under way: what was asked, where it is written, and what it is about."""

    asked: Asked
    folder: RunFolder
    cache: Path
    progress: Progress
    task: Task
    target: Target
    family: Family
