"""From a network to an ONNX file."""

import warnings
from pathlib import Path

import onnx
import torch
from torch import nn

from sartor.deploy.graph import INPUT, OUTPUT
from sartor.deploy.trace import write
from sartor.deploy.writers import Unwritable
from sartor.errors import OptionError


def export(network: nn.Module, file: Path, shape: tuple[int, int, int]) -> None:
    """Write a network to an ONNX file with its weights inside.

    Networks of known modules are written directly, in about 10 ms, with batch norms folded and
    nodes named after their modules; equal networks give equal bytes. Others go through PyTorch's
    exporter, which takes a few seconds.

    Args:
        network: Set to evaluation.
        file: Written.
        shape: Channels, rows and columns of the input. The number of images is free.

    Raises:
        OptionError: A weight is NaN or infinite, or the network cannot be exported.
    """
    network.eval()
    refuse_broken(network)
    try:
        model = write(network, shape)
    except Unwritable:
        model = _by_torch(network, shape)
    onnx.checker.check_model(model)
    file.write_bytes(model.SerializeToString(deterministic=True))


def refuse_broken(network: nn.Module) -> None:
    """Refuse weights that are no numbers.

    Raises:
        OptionError: The message names the tensor.
    """
    for name, tensor in network.state_dict().items():
        if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
            raise OptionError(
                f"{name} holds NaN or infinity; train the network again before it is exported."
            )


def _by_torch(network: nn.Module, shape: tuple[int, int, int]) -> onnx.ModelProto:
    """Export with PyTorch; the number of images is fixed to one."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the exporter's own deprecations
        program = torch.onnx.export(
            network,
            (torch.zeros(1, *shape),),
            dynamo=True,
            input_names=[INPUT],
            output_names=[OUTPUT],
            verbose=False,
            optimize=True,
        )
    if program is None:
        raise OptionError(f"{type(network).__name__} cannot be exported to ONNX.")
    return program.model_proto
