"""From an exported program to an ExecuTorch file."""

import warnings
from pathlib import Path
from typing import Any

import torch

from sartor.errors import MissingExtraError, OptionError


def lower(
    program: torch.export.ExportedProgram,
    file: Path,
    calibration: tuple[torch.Tensor, ...] | None = None,
) -> None:
    """Write an ExecuTorch file in which XNNPACK executes what it can.

    Args:
        program: Of a network in evaluation mode.
        file: Written.
        calibration: What the network reads; with it, weights and activations are int8, their
            ranges taken from this one call.

    Raises:
        MissingExtraError: ExecuTorch is not installed.
        OptionError: It cannot execute the network.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of libraries about themselves
        try:
            from executorch.backends.xnnpack.partition.xnnpack_partitioner import XnnpackPartitioner
            from executorch.exir import to_edge_transform_and_lower
        except ImportError as error:
            raise MissingExtraError(
                "ExecuTorch files need the extra executorch; install it with: pip install "
                "'sartor[executorch]'."
            ) from error
        try:
            ready = program if calibration is None else _rounded(program, calibration)
            lowered = to_edge_transform_and_lower(ready, partitioner=[XnnpackPartitioner()])
            content = bytes(lowered.to_executorch().buffer)
        except Exception as error:  # a border: compilers raise everything
            reason = " ".join(str(error).split())[:300]
            raise OptionError(f"ExecuTorch cannot execute this network: {reason}") from error
    file.write_bytes(content)


def _rounded(
    program: torch.export.ExportedProgram, calibration: tuple[torch.Tensor, ...]
) -> torch.export.ExportedProgram:
    """Quantize statically: a scale for each channel of a weight, one for each activation."""
    from executorch.backends.xnnpack.quantizer.xnnpack_quantizer import (
        XNNPACKQuantizer,
        get_symmetric_quantization_config,
    )
    from torchao.quantization.pt2e.quantize_pt2e import convert_pt2e, prepare_pt2e

    quantizer: Any = XNNPACKQuantizer()  # Any: untyped library
    quantizer.set_global(get_symmetric_quantization_config(is_per_channel=True))
    prepared = prepare_pt2e(program.module(), quantizer)
    prepared(*calibration)
    return torch.export.export(convert_pt2e(prepared), calibration)
