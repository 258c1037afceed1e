"""A set of choices, and what can be done with the designs of it."""

import functools
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from sartor.errors import OptionError, did_you_mean
from sartor.space.choice import Choice, Condition, Option
from sartor.space.design import Design

Genes = npt.NDArray[np.int64]


class Space:
    """An ordered set of choices. Spaces add up: `architecture + precision`.

    Args:
        choices: Names all different; a choice depends only on choices before it.

    Raises:
        OptionError: A name stands twice, or a condition names a choice or option that is not there.

    Example:
        >>> space = Space([Choice("kind", ("plain", "fused")),
        ...                Choice("expand", (2, 4), ordered=True,
        ...                       when=(Condition("kind", ("fused",)),))])
        >>> space.count()
        3
    """

    def __init__(self, choices: Iterable[Choice]) -> None:
        self.choices: tuple[Choice, ...] = tuple(choices)
        self._position: dict[str, int] = {}
        for position, choice in enumerate(self.choices):
            if choice.name in self._position:
                raise OptionError(f"choice {choice.name!r} stands twice in the space.")
            for condition in choice.when:
                self._check_condition(choice, condition)
            self._position[choice.name] = position

    def _check_condition(self, choice: Choice, condition: Condition) -> None:
        if condition.choice not in self._position:
            raise OptionError(
                f"choice {choice.name!r} depends on {condition.choice!r}, "
                "which does not stand before it in the space."
            )
        for option in condition.options:
            self.choices[self._position[condition.choice]].index(option)

    def __add__(self, other: "Space") -> "Space":
        return Space((*self.choices, *other.choices))

    def __len__(self) -> int:
        return len(self.choices)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Space) and self.choices == other.choices

    def __hash__(self) -> int:
        return hash(self.choices)

    def __contains__(self, design: object) -> bool:
        if not isinstance(design, Design):
            return False
        try:
            self.check(design)
        except OptionError:
            return False
        return True

    def __getitem__(self, name: str) -> Choice:
        return self.choices[self._position[name]]

    def part_of(self, design: Design) -> Design:
        """Return the options of a design of a larger space that belong to this one."""
        return Design({it.name: design[it.name] for it in self.choices if it.name in design})

    def position(self, name: str) -> int:
        """Return the place of the choice called `name` among the genes."""
        return self._position[name]

    @functools.cached_property
    def fingerprint(self) -> str:
        """Twelve hexadecimal digits that change whenever a choice does."""
        plain = [
            [c.name, c.options, c.ordered, [[w.choice, w.options] for w in c.when]]
            for c in self.choices
        ]
        return hashlib.sha256(json.dumps(plain).encode()).hexdigest()[:12]

    def design(self, options: Mapping[str, Option]) -> Design:
        """Make a design: take the options of the active choices and drop those of the others.

        Raises:
            OptionError: An active choice is missing, an option is not allowed, or a name is not a
                choice of this space.
        """
        for name in options:
            if name not in self._position:
                near = did_you_mean(name, self._position)
                raise OptionError(f"the space has no choice called {name!r}.{near}")
        chosen: dict[str, Option] = {}
        for choice in self.choices:
            if not _is_active(choice, chosen):
                continue
            if choice.name not in options:
                raise OptionError(f"the design has no option for {choice.name!r}.")
            chosen[choice.name] = choice.options[choice.index(options[choice.name])]
        return Design(chosen)

    def check(self, design: Design) -> None:
        """Refuse a design that is not of this space.

        Raises:
            OptionError: The message names the choice that is wrong.
        """
        if self.design(design) != design:
            extra = sorted(set(design) - set(self.design(design)))
            raise OptionError(f"the design sets choices that are not active: {', '.join(extra)}.")

    def sample(self, rng: np.random.Generator) -> Design:
        """Draw every active choice uniformly."""
        return self._draw(lambda choice: int(rng.integers(len(choice.options))))

    def extreme(self, position: int, fixed: Mapping[str, Option] | None = None) -> Design:
        """Make the design with the first or the last option everywhere.

        Args:
            position: 0 for the first, -1 for the last.
            fixed: Options that are set instead, where their choices are active.
        """
        fixed = fixed or {}

        def pick(choice: Choice) -> int:
            if choice.name in fixed:
                return choice.index(fixed[choice.name])
            return range(len(choice.options))[position]

        return self._draw(pick)

    def genes(self, design: Design) -> Genes:
        """Encode a design as the positions of its options, (choices,); 0 where inactive."""
        return np.array(
            [c.index(design[c.name]) if c.name in design else 0 for c in self.choices], np.int64
        )

    def from_genes(self, genes: Sequence[int] | Genes) -> Design:
        """Decode genes, (choices,). Genes of inactive choices are ignored."""
        position = self._position
        return self._draw(lambda choice: int(genes[position[choice.name]]))

    def _draw(self, pick: Callable[[Choice], int]) -> Design:
        chosen: dict[str, Option] = {}
        for choice in self.choices:
            if _is_active(choice, chosen):
                chosen[choice.name] = choice.options[pick(choice)]
        return Design(chosen)

    @functools.cached_property
    def cardinalities(self) -> Genes:
        """Number of options of every choice, (choices,)."""
        return np.array([len(choice.options) for choice in self.choices], np.int64)

    @functools.cached_property
    def _columns(self) -> list[dict[Option, list[tuple[int, float]]]]:
        """For every choice and option the feature columns that it fills, and with what."""
        columns: list[dict[Option, list[tuple[int, float]]]] = []
        width = 0
        for choice in self.choices:
            filled: dict[Option, list[tuple[int, float]]] = {}
            for place, option in enumerate(choice.options):
                filled[option] = [(width + place, 1.0)]
                if choice.ordered and len(choice.options) > 1:
                    rank = place / (len(choice.options) - 1)
                    filled[option].append((width + len(choice.options), rank))
            columns.append(filled)
            width += len(choice.options) + (choice.ordered and len(choice.options) > 1)
        self._width = width
        return columns

    def features(self, designs: Sequence[Design]) -> npt.NDArray[np.float64]:
        """Encode designs for a predictor, (n, features).

        A choice is one-hot, with its rank (0 to 1) beside it where it is ordered; an inactive one
        is all zeros.
        """
        columns = self._columns
        matrix = np.zeros((len(designs), self._width))
        for row, design in zip(matrix, designs, strict=True):
            for choice, filled in zip(self.choices, columns, strict=True):
                option = design.get(choice.name)
                if option is not None:
                    for column, value in filled[option]:
                        row[column] = value
        return matrix

    def mutate(self, design: Design, rng: np.random.Generator, rate: float) -> Design:
        """Redraw every choice with probability `rate`, and at least one active choice.

        Ordered choices move to a neighbour half of the time. Choices that become active are drawn.
        """
        active = [i for i, c in enumerate(self.choices) if c.name in design]
        genes = self._filled(design, rng)
        hit = rng.random(len(self.choices)) < rate
        hit[rng.choice(active)] = True
        for position in np.flatnonzero(hit):
            genes[position] = _moved(self.choices[position], int(genes[position]), rng)
        return self.from_genes(genes)

    def cross(self, one: Design, other: Design, rng: np.random.Generator) -> Design:
        """Take every choice from one of two parents, with equal chance."""
        first, second = self._filled(one, rng), self._filled(other, rng)
        return self.from_genes(np.where(rng.random(len(self)) < 0.5, first, second))

    def fix(
        self, design: Design, options: Mapping[str, Option], rng: np.random.Generator
    ) -> Design:
        """Return `design` with some choices set; what becomes open by that is drawn."""
        genes = self._filled(design, rng)
        for name, option in options.items():
            genes[self.position(name)] = self[name].index(option)
        return self.from_genes(genes)

    def _filled(self, design: Design, rng: np.random.Generator) -> Genes:
        """Encode a design, with random genes for inactive choices, so that none is favoured."""
        genes: Genes = rng.integers(self.cardinalities)
        for position, choice in enumerate(self.choices):
            option = design.get(choice.name)
            if option is not None:
                genes[position] = choice.index(option)
        return genes

    def count(self) -> int:
        """Return the number of designs, exactly, without listing them.

        Prefixes of designs are counted by what later choices still need to know of them.
        """
        last_use: dict[str, int] = {}
        for position, choice in enumerate(self.choices):
            for condition in choice.when:
                last_use[condition.choice] = position
        prefixes: dict[tuple[tuple[str, Option], ...], int] = {(): 1}
        for position, choice in enumerate(self.choices):
            grown: dict[tuple[tuple[str, Option], ...], int] = {}
            for known, number in prefixes.items():
                active = _is_active(choice, dict(known))
                for option in choice.options if active else (None,):
                    state = known if option is None else (*known, (choice.name, option))
                    kept = tuple(item for item in state if last_use.get(item[0], -1) > position)
                    grown[kept] = grown.get(kept, 0) + number
            prefixes = grown
        return sum(prefixes.values())


def _is_active(choice: Choice, chosen: Mapping[str, Option]) -> bool:
    return all(chosen.get(when.choice) in when.options for when in choice.when)


def _moved(choice: Choice, place: int, rng: np.random.Generator) -> int:
    last = len(choice.options) - 1
    if choice.ordered and last > 0 and rng.random() < 0.5:
        step = int(rng.choice([-1, 1]))
        return place + step if 0 <= place + step <= last else place - step
    return int(rng.integers(last + 1))
