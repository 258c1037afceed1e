"""What a client is told when it does not get what it asked for."""

from typing import Any

from sartor_agent.errors import SartorError

LENT = 423
GONE = 410
"""A lease that is not held."""
MISSING = 409
"""Programs that have to be uploaded first."""


class Refusal(SartorError):
    """A request that is not done.

    Attributes:
        status: Of the HTTP answer.
        facts: For programs: what the sentence says, as plain data.
    """

    def __init__(self, status: int, sentence: str, **facts: Any) -> None:  # Any: JSON
        super().__init__(sentence)
        self.status = status
        self.facts = facts

    def to_json(self) -> dict[str, Any]:
        """Return the body of the answer."""
        return {"error": str(self)} | self.facts
