"""From a network to an ONNX file."""


import onnx

from sartor.deploy.trace import write


def export(network, file, shape):
    network.eval()
    model = write(network, shape)
    onnx.checker.check_model(model)
    data = model.SerializeToString(deterministic=True)
    file.write_bytes(data)
