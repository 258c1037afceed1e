"""Everything that is chosen by name stands in a registry."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from sartor.errors import unknown_name

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Entry(Generic[T]):
    """A registered thing with what a listing says of it."""

    name: str
    value: T
    description: str
    source: str


class Registry(Generic[T]):
    """Names and the things they stand for.

    Args:
        what: The kind of thing, as a user calls it in a message: "runtime".

    Example:
        >>> shapes: Registry[type] = Registry("shape")
        >>> _ = shapes.register("square", "Four equal sides.")(int)
        >>> shapes["square"], list(shapes)
        (<class 'int'>, ['square'])
    """

    def __init__(self, what: str) -> None:
        self.what = what
        self._entries: dict[str, Entry[T]] = {}

    def register(self, name: str, description: str, source: str = "") -> Callable[[T], T]:
        """Return a decorator that registers what it decorates under `name`.

        Raises:
            ValueError: The name is taken already.
        """

        def add(value: T) -> T:
            if name in self._entries:
                raise ValueError(f"{self.what} {name!r} is registered twice")
            self._entries[name] = Entry(name, value, description, source)
            return value

        return add

    def __getitem__(self, name: str) -> T:
        return self.entry(name).value

    def entry(self, name: str) -> Entry[T]:
        """Return the entry called `name`.

        Raises:
            UnknownNameError: There is none; the message lists the known names.
        """
        if name not in self._entries:
            raise unknown_name(self.what, name, self._entries)
        return self._entries[name]

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)
