"""One decision that can be made."""

from dataclasses import dataclass

from sartor.errors import OptionError

Option = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Condition:
    """Holds when the choice called `choice` has one of `options`."""

    choice: str
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """A name, its options, whether they are ordered, and on which other choices it depends.

    Args:
        name: Unique in its space, for example `stage2.width`.
        options: What can be chosen, at least one, all different. Ordered ones ascend.
        ordered: Neighbouring options are alike, as widths are and block kinds are not.
        when: The choice is active only where all these conditions hold; always if empty. It
            depends only on choices that stand before it in its space.

    Raises:
        OptionError: No options, or one of them twice.
    """

    name: str
    options: tuple[Option, ...]
    ordered: bool = False
    when: tuple[Condition, ...] = ()

    def __post_init__(self) -> None:
        if not self.options:
            raise OptionError(f"choice {self.name!r} has no options; give at least one.")
        if len(set(self.options)) != len(self.options):
            raise OptionError(f"choice {self.name!r} has an option twice: {self.options}.")

    def index(self, option: Option) -> int:
        """Return the position of `option`.

        Raises:
            OptionError: It is not one of the options.
        """
        try:
            return self.options.index(option)
        except ValueError:
            listing = ", ".join(map(str, self.options))
            raise OptionError(f"{self.name} is {option!r}; allowed: {listing}.") from None
