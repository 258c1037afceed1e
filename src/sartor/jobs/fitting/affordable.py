"""How large a network may be, given the time that there is to train it."""

from sartor.cost.designs import count
from sartor.jobs.fitting.asked import HEATS_SHARE, SHARES
from sartor.jobs.fitting.job import Job
from sartor.jobs.fitting.tuning import Lesson, image_seconds, side_by_side_gain
from sartor.nets import Network
from sartor.train import places
from sartor.units import Limit

RECORD = "finish/affordable"
LARGEST = 1 / 3
"""Share of the time for tuning that the largest pick has, about, however many there are: they lie
evenly from fast to slow, and have time in proportion to what a step of each costs."""
EPOCHS = 16
"""Times that it should see the data at least. In the same time, a network that saw it 14 times
became as accurate as larger ones that saw it 10 and 7 times (docs/benchmarks.md)."""
SMALL = 4
"""Up to so many times the multiply-adds of the smallest network, every design is affordable."""


def affordable(job: Job) -> tuple[Limit, ...]:
    """Return the limit on multiply-adds that the budget sets, or none where that is in steps.

    A network that sees each image once or twice loses to a smaller one that has the time to learn.
    How fast the device trains is measured once, on the largest network, in turn and side by side;
    others are taken to train at its rate of multiply-adds.
    """
    if job.asked.seconds is None:
        return ()
    known = job.folder.load_json_or_none(RECORD)
    if known is None:
        known = {"macs": _bound(job, job.asked.seconds)}
        job.folder.save_json(RECORD, known)
        job.progress.say(
            f"networks above {known['macs'] / 1e6:.3g} million multiply-adds are left out: there "
            f"is no time to train them for {EPOCHS} epochs"
        )
    return (Limit("macs", float(known["macs"]), "max"),)


def _bound(job: Job, seconds: float) -> float:
    family = job.family
    largest = family.largest()
    lesson = Lesson("largest", Network(family.blueprint(largest)), family.resolution(largest))
    rate = 1 / image_seconds(job, lesson)
    at_a_time = places()
    if at_a_time > 1:
        rate *= max(1.0, side_by_side_gain(job, lesson, at_a_time))
    longest = seconds * SHARES["finish"] * (1 - HEATS_SHARE) * LARGEST
    epochs = longest * rate / len(job.task.train)
    smallest = count(family, family.smallest()).macs
    return max(SMALL * smallest, count(family, largest).macs * epochs / EPOCHS)
