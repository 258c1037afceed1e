"""Short networks for a survey: a few blocks of one sort, written from plain numbers."""

from pathlib import Path

from sartor.cost.kernels.blocks import BLOCKS
from sartor.cost.kernels.sketch import Sketch, Sketched
from sartor.deploy.graph import INPUT, Value

OPSET = 20
"""Has `Gelu`, as the exporter of PyTorch writes it."""
READ_IMAGES = ("stem",)
"""Blocks that begin with the image itself."""


def write_chain(sketch: Sketch, file: Path) -> tuple[int, int, int]:
    """Write the network of a sketch, with random weights, to an ONNX file.

    Returns:
        Channels, rows and columns of its input.
    """
    chain = Sketched(sketch)
    write = BLOCKS[str(sketch["block"])]
    x = Value(INPUT)
    shape = (chain.channels, chain.size, chain.size)
    if sketch["block"] not in READ_IMAGES:
        # What follows a convolution lies as its runtime likes it, as within a network: residuals of
        # a bare input were never added by the convolutions themselves.
        x = chain.conv(x, chain.channels)
    for _ in range(int(sketch["depth"])):
        x = write(chain, x)
    model = chain.graph.model(chain.reshape(x, 1, -1), shape, OPSET)
    file.write_bytes(model.SerializeToString())
    return shape
