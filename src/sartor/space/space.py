"""A set of choices, and what can be done with the designs of it."""

import functools
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from sartor.errors import OptionError, did_you_mean
from sartor.space.choice import Choice, Condition, Option
from sartor.space.coding import Coding, Genes
from sartor.space.design import Design


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
        return self.from_genes(self.coding.drawn(1, rng)[0])

    def extreme(self, position: int, fixed: Mapping[str, Option] | None = None) -> Design:
        """Make the design with the first or the last option everywhere.

        Args:
            position: 0 for the first, -1 for the last.
            fixed: Options that are set instead, where their choices are active.
        """
        fixed = fixed or {}
        return self.from_genes(
            [
                choice.index(fixed[choice.name])
                if choice.name in fixed
                else range(len(choice.options))[position]
                for choice in self.choices
            ]
        )

    def genes(self, design: Design) -> Genes:
        """Encode a design as the positions of its options, (choices,); 0 where inactive."""
        return np.array(
            [c.index(design[c.name]) if c.name in design else 0 for c in self.choices], np.int64
        )

    def encode(self, designs: Sequence[Design]) -> Genes:
        """Encode designs, (n, choices)."""
        rows = [self.genes(design) for design in designs]
        return np.stack(rows) if rows else np.empty((0, len(self)), np.int64)

    def from_genes(self, genes: Sequence[int] | Genes) -> Design:
        """Decode genes, (choices,). Genes of inactive choices are ignored."""
        return self.decode(np.asarray(genes, np.int64)[None])[0]

    def decode(self, genes: Genes) -> list[Design]:
        """Decode the genes of several designs, (n, choices)."""
        choices = self.choices
        rows = zip(genes.tolist(), self.coding.active(genes).tolist(), strict=True)
        return [
            Design(
                {
                    choice.name: choice.options[place]
                    for choice, place, active in zip(choices, row, on, strict=True)
                    if active
                }
            )
            for row, on in rows
        ]

    @functools.cached_property
    def coding(self) -> Coding:
        """Draws, crosses, mutates and encodes many designs at once, as rows of genes."""
        return Coding(self.choices)

    @property
    def cardinalities(self) -> Genes:
        """Number of options of every choice, (choices,)."""
        return self.coding.cardinalities

    def mutate(self, design: Design, rng: np.random.Generator, rate: float) -> Design:
        """Change every choice with probability `rate`, at least one; see `Coding.mutated`."""
        return self.from_genes(self.coding.mutated(self.genes(design)[None], rng, rate)[0])

    def fix(
        self, design: Design, options: Mapping[str, Option], rng: np.random.Generator
    ) -> Design:
        """Return `design` with some choices set; what becomes open by that is drawn."""
        places = {self.position(it): self[it].index(option) for it, option in options.items()}
        return self.from_genes(self.coding.fixed(self.genes(design)[None], places, rng)[0])

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
