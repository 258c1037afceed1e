"""Writers of modules, functions and methods into ONNX, one file per kind.

A new one is a function with the decorator `writes`, and its file a name in the import below.
"""

from sartor.deploy.writers import activation, arithmetic, convolution, norm, pooling
from sartor.deploy.writers.protocol import WRITERS, Unwritable, writes

__all__ = [
    "WRITERS",
    "Unwritable",
    "activation",
    "arithmetic",
    "convolution",
    "norm",
    "pooling",
    "writes",
]
