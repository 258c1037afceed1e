"""One option for every active choice of a space."""

import hashlib
import json
from collections.abc import Iterator, Mapping

from sartor.space.choice import Option


class Design(Mapping[str, Option]):
    """An immutable, hashable mapping from the names of choices to options.

    Two designs with the same options are equal, whatever the order they were given in.

    Example:
        >>> Design({"width": 8, "kind": "plain"}) == Design({"kind": "plain", "width": 8})
        True
    """

    __slots__ = ("_hash", "_id", "_options")

    def __init__(self, options: Mapping[str, Option]) -> None:
        self._options = dict(sorted(options.items()))
        self._hash = hash(tuple(self._options.items()))
        self._id = ""

    @property
    def id(self) -> str:
        """Ten hexadecimal digits that name the design in files and messages."""
        if not self._id:  # a search thinks of many designs that nobody names
            self._id = hashlib.sha256(self.to_json().encode()).hexdigest()[:10]
        return self._id

    def __getitem__(self, name: str) -> Option:
        return self._options[name]

    def __contains__(self, name: object) -> bool:
        return name in self._options  # the mixin's would raise and catch a KeyError

    def get(self, name: str, default: Option | None = None) -> Option | None:  # type: ignore[override]
        """Return the option of `name`, or `default` where that choice is not active."""
        return self._options.get(name, default)

    def __iter__(self) -> Iterator[str]:
        return iter(self._options)

    def __len__(self) -> int:
        return len(self._options)

    def __hash__(self) -> int:
        return self._hash

    def __reduce__(self) -> tuple[type["Design"], tuple[dict[str, Option]]]:
        return Design, (self._options,)  # hashes of texts differ from process to process

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Design) and self._options == other._options

    def __repr__(self) -> str:
        return f"Design({self._options!r})"

    def integer(self, name: str) -> int:
        """Return the option of `name`, which is a whole number."""
        value = self._options[name]
        assert isinstance(value, int), f"{name} is {value!r}"
        return value

    def number(self, name: str) -> float:
        """Return the option of `name`, which is a number."""
        value = self._options[name]
        assert isinstance(value, int | float), f"{name} is {value!r}"
        return value

    def text(self, name: str) -> str:
        """Return the option of `name`, which is a word."""
        value = self._options[name]
        assert isinstance(value, str), f"{name} is {value!r}"
        return value

    def to_json(self) -> str:
        """Return canonical JSON: sorted names, no spaces."""
        return json.dumps(self._options, sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> "Design":
        """Read what `to_json` wrote."""
        return cls(json.loads(text))
