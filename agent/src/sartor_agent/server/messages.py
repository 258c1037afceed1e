"""What a client may send. Nothing of it is a path, and no field goes unchecked."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Hash = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""SHA-256 of a program's file."""
Key = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
"""A number of 128 bits that a client draws, so that it can ask twice for the same thing."""
Label = Annotated[str, StringConstraints(min_length=1, max_length=300)]
Word = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,40}$")]
Length = Annotated[int, Field(ge=1, le=2**24)]
Shape = Annotated[list[Length], Field(max_length=8)]
Seconds = Annotated[float, Field(gt=0, le=86_400, allow_inf_nan=False)]
Threads = Annotated[int, Field(ge=1, le=1024)]
Bytes = Annotated[int, Field(ge=2**20, le=2**50)]
Seed = Annotated[int, Field(ge=0, lt=2**63)]
Cores = Annotated[list[Annotated[int, Field(ge=0, le=1023)]], Field(max_length=1024)]


class Message(BaseModel):
    """Strict: no unknown fields, no numbers in strings."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Program(Message):
    """A program to be measured."""

    program: Hash
    label: Label
    """What the client calls it, for messages."""
    runtime: Word
    precision: Word
    shapes: Annotated[dict[Label, Shape], Field(max_length=64)] = Field(default_factory=dict)

    def to_request(self, paths: Mapping[str, Path]) -> dict[str, Any]:
        """Return what a worker reads."""
        return {
            "file": str(paths[self.program]),
            "runtime": self.runtime,
            "precision": self.precision,
            "shapes": self.shapes,
        }


class OfOne(Message):
    """What is asked of one program."""

    file: Program
    threads: Threads
    cores: Cores = Field(default_factory=list)
    most_bytes: Bytes | None = None

    def programs(self) -> dict[str, Program]:
        """Return what is measured, by the names in messages."""
        return {self.file.label: self.file}

    def to_request(self, paths: Mapping[str, Path]) -> dict[str, Any]:
        """Return what a worker reads."""
        return self.model_dump() | {"file": self.file.to_request(paths)}


class OfSeveral(Message):
    """What is asked of programs in one process."""

    files: Annotated[dict[Label, Program], Field(min_length=1, max_length=256)]
    threads: Threads
    cores: Cores = Field(default_factory=list)
    most_bytes: Bytes | None = None

    def programs(self) -> dict[str, Program]:
        """Return what is measured, by the names in messages."""
        return self.files

    def to_request(self, paths: Mapping[str, Path]) -> dict[str, Any]:
        """Return what a worker reads."""
        files = {name: it.to_request(paths) for name, it in self.files.items()}
        return self.model_dump() | {"files": files}


class Time(OfSeveral):
    """Programs to be timed in turn."""

    do: Literal["time"]
    copies: Annotated[int, Field(ge=1, le=16)] = 1
    seconds_each: Seconds
    seed: Seed
    clock: Literal["wall", "processor"] = "wall"


class Profile(OfSeveral):
    """Programs to be profiled."""

    do: Literal["profile"]
    calls: Annotated[int, Field(ge=1, le=10_000)]


class Inspect(OfOne):
    """A program to be compiled, run once and profiled."""

    do: Literal["inspect"]
    calls: Annotated[int, Field(ge=0, le=10_000)]


class Numbers(Message):
    """An array; see `sartor_agent.arrays`."""

    kind: Word
    shape: Shape
    data: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9+/]*={0,2}$")]


class Run(OfOne):
    """A program to be run on given inputs."""

    do: Literal["run"]
    inputs: Annotated[list[Numbers], Field(min_length=1, max_length=64)]


class EnergyWindows(Message):
    """How long energy is measured; see `sartor_agent.energy.Windows`."""

    seconds: Seconds
    count: Annotated[int, Field(ge=2, le=100)]
    idle: Annotated[int, Field(ge=2, le=100)]
    processor: Literal["cpu", "gpu"] = "cpu"


class Energy(OfOne):
    """A program whose energy is measured."""

    do: Literal["energy"]
    seed: Seed
    windows: EnergyWindows


Request = Annotated[Time | Inspect | Profile | Run | Energy, Field(discriminator="do")]
"""What can be measured: another kind is a class here, and a function in `worker`."""


class Job(Message):
    """A request for one process, and how long it may take."""

    request: Request
    patience_s: Seconds


class Holder(Message):
    """Who wants the device."""

    holder: Label
