"""What a network is put together from: descriptions that can be built and counted."""

from typing import Protocol, runtime_checkable

from torch import nn

from sartor.nets.layers import Layer


@runtime_checkable
class Part(Protocol):
    """A hashable description of one piece of a network.

    Parts are values: equal ones build equal modules. A supernet keeps one set of weights for
    every place of a network and every `kind` that can stand there.
    """

    @property
    def kind(self) -> str:
        """Parts of one kind share their weights where they stand at the same place."""

    @property
    def outputs(self) -> int:
        """Channels (or classes) that come out."""

    def build(self) -> nn.Module:
        """Make the module, with fresh weights."""

    def layers(self, size: int) -> tuple[tuple[Layer, ...], int]:
        """Describe the operations on input maps of `size` rows and columns.

        Returns:
            The operations in order, and the rows and columns of the output.
        """
