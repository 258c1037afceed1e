"""What a runtime is, and what a program is that it has loaded."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from sartor.registry import Registry

Images = npt.NDArray[np.float32]


class Program(Protocol):
    """A network compiled for a target. Used by one thread at a time."""

    executed: str
    """Precision in which the runtime says it computes float operations."""
    input_shape: tuple[int, int, int]
    """Channels, rows and columns of an image."""

    def run(self, images: Images) -> Images:
        """Return logits, (n, k), for images, (n, c, h, w)."""

    def prepare(self, image: Images) -> Callable[[], object]:
        """Return a call that runs one image, (1, c, h, w), and leaves its logits on the host.

        It does what a user's program does for each image, and nothing else: it is what is timed.
        """


class Runtime(Protocol):
    """Software that executes ONNX files on a device. Stateless."""

    name: str

    @property
    def version(self) -> str:
        """Version of the installed package."""

    def float_precisions(self) -> tuple[str, ...]:
        """Return the precisions in which this device really computes float operations."""

    def load(self, file: Path, *, threads: int, precision: str) -> Program:
        """Compile a file.

        Args:
            file: ONNX with its weights inside and one input, (n, c, h, w). int8 operations are in
                the file, as QDQ nodes.
            threads: Threads of one call.
            precision: Of float operations: one of `float_precisions()`.

        Raises:
            DamagedFileError: The file is no ONNX model, or keeps weights elsewhere.
            OptionError: The precision is not one of the device's, or the runtime lacks an operator.
        """


RUNTIMES: Registry[Callable[[], Runtime]] = Registry("runtime")
"""Makes a runtime; raises ImportError where its package is not installed."""
