"""From a network to an ONNX file."""

from pathlib import Path

import onnx
import torch
from torch import nn

from sartor.deploy.trace import write
from sartor.deploy.writers import Unwritable


def export(network, file, shape):
    network.eval()
    model = write(network, shape)
    onnx.checker.check_model(model)
    data = model.SerializeToString(deterministic=True)
    file.write_bytes(data)
