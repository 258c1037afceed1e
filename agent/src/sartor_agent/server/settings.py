"""What an agent allows."""

import os
from dataclasses import dataclass
from pathlib import Path

from sartor_agent.errors import OptionError
from sartor_agent.process import WORKER

SHORTEST_TOKEN = 16
"""Characters: a token that is drawn, not thought of."""
MIB = 2**20


def physical_bytes() -> int:
    """Return the memory of this device."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How an agent serves; every bound on what a client may ask for."""

    token: str
    """What a client must know, at least 16 characters."""
    folder: Path
    """Keeps uploaded programs and results; one agent at a time."""
    upload_bytes: int = 512 * MIB
    """Largest program."""
    kept_bytes: int = 2048 * MIB
    """All programs together; those that were not used for longest make room."""
    job_s: float = 3600.0
    """Longest job, in seconds, from its start until it is killed."""
    memory_bytes: int | None = None
    """Address space of a process that measures; without, as much as the device has memory."""
    lease_s: float = 60.0
    """Seconds of silence after which another client may take the device."""
    idle_s: float = 30.0
    """Seconds of silence in the middle of a request after which it is dropped."""
    waiting_jobs: int = 64
    """Jobs that wait."""
    results: int = 256
    """Finished jobs that are kept until they are fetched; the oldest make room."""
    result_s: float = 86_400.0
    """Seconds after which a finished job is forgotten."""
    worker: str = WORKER
    """Module that measures."""

    def __post_init__(self) -> None:
        """Check the bounds."""
        if len(self.token) < SHORTEST_TOKEN or not self.token.isascii():
            raise OptionError(
                f"the token has {len(self.token)} characters; allowed: {SHORTEST_TOKEN} or more, "
                "of ASCII. Draw one, for example with openssl rand -hex 32."
            )
        for name in ("upload_bytes", "kept_bytes", "job_s", "lease_s", "idle_s", "results",
                     "waiting_jobs", "result_s"):  # fmt: skip
            if getattr(self, name) <= 0:
                raise OptionError(f"{name} is {getattr(self, name)}; allowed: more than 0.")
        if self.upload_bytes > self.kept_bytes:
            raise OptionError(
                f"upload_bytes is {self.upload_bytes}; allowed: at most kept_bytes, "
                f"{self.kept_bytes}."
            )

    @property
    def most_bytes(self) -> int:
        """Address space of a process that measures."""
        return self.memory_bytes or physical_bytes()
