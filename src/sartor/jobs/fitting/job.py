"""What all stages of a fit share."""

from dataclasses import dataclass
from pathlib import Path

from sartor.jobs.fitting.asked import Asked, Shares
from sartor.jobs.progress import Progress
from sartor.nets import Family
from sartor.study import RunFolder
from sartor.targets import Target
from sartor.tasks import Task
from sartor.units import Limit


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
    limits: tuple[Limit, ...]
    """What every delivered network keeps; see `Asked`."""

    def seconds(self, stage: str) -> float | None:
        """Return the time for a stage, that of earlier sessions counted in, or None where the
        budget is in steps.
        """
        if self.asked.seconds is None:
            return None
        return Shares(self.asked.seconds).seconds(stage, self.folder.stage_seconds())
