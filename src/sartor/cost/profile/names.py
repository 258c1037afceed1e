"""Which operations of a file a step names."""

import re
from collections.abc import Iterator, Mapping

from sartor.graph import Graph
from sartor.targets import Step

ENDINGS = re.compile(r"(_token_\d+|_nchwc|_new_reshape)$")
"""That ONNX Runtime appends: to make a name unique, and for its blocked layout."""


class Names:
    """The operations of a graph by their names and by the tensors that they write."""

    def __init__(self, graph: Graph) -> None:
        self._places: dict[str, int] = {}
        for place, operation in enumerate(graph.operations):
            self._places.update(dict.fromkeys(operation.writes, place))
        # Names of operations go before those of tensors: they are the file's own words.
        self._places.update({it.name: place for place, it in enumerate(graph.operations)})

    def named(self, step: Step) -> list[int]:
        """Return the positions of the operations that a step names, in the order of the file."""
        given = step.stands_for or (step.name,)
        found = (first_known(name, self._places) for name in given)
        return sorted({place for place in found if place is not None})


def first_known(name: str, places: Mapping[str, int]) -> int | None:
    """Return the place of the longest form of a name that is known."""
    return next((places[form] for form in forms(name) if form in places), None)


def forms(name: str) -> Iterator[str]:
    """Yield a name, and what is left of it without what runtimes append.

    Example:
        >>> list(forms("relu_2_nchwc_token_19"))
        ['relu_2_nchwc_token_19', 'relu_2_nchwc', 'relu_2']
        >>> list(forms("mm/MatMulAddFusion"))
        ['mm/MatMulAddFusion', 'mm']
    """
    yield name
    while ENDINGS.search(name):
        name = ENDINGS.sub("", name)
        yield name
    while "/" in name:
        # Fusions append their names after slashes: `/MatMulAddFusion`, `/WithoutBiases`. A file's
        # own names may have slashes too, so the longest known form counts.
        name = name.rpartition("/")[0]
        if name:
            yield name
