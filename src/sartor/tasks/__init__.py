"""Data: where it comes from, how it is split, and how a network reads it."""

from sartor.tasks.batches import Augment, Batches, whole
from sartor.tasks.opening import open_task as open  # noqa: A004  (sartor.tasks.open)
from sartor.tasks.preprocessing import Preprocessing
from sartor.tasks.sources import SOURCES
from sartor.tasks.task import Split, Task

__all__ = ["SOURCES", "Augment", "Batches", "Preprocessing", "Split", "Task", "open", "whole"]
