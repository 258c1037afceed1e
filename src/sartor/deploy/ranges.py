"""The ranges of a graph's values over some images."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import onnx
from onnx import TensorProto, helper

from sartor_agent.program import Array

Range = tuple[float, float]


def ranges(
    model: onnx.ModelProto, values: Sequence[str], samples: Iterable[Mapping[str, Array]]
) -> dict[str, Range]:
    """Measure the smallest and the largest number of each value, zero always included.

    Args:
        model: A float graph. Not changed.
        values: Names of float values in it, inputs among them or not.
        samples: What the inputs read, by name, call by call.
    """
    import onnxruntime as ort

    probe = onnx.ModelProto()
    probe.CopyFrom(model)
    graph = probe.graph
    del graph.output[:]
    for index, value in enumerate(values):
        for op in ("Min", "Max"):
            name = f"range{index}.{op}"
            graph.node.append(helper.make_node(f"Reduce{op}", [value], [name], keepdims=0))
            graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, []))
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_BASIC
    session = ort.InferenceSession(
        probe.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    extremes = np.zeros((len(values), 2))
    for sample in samples:
        found = np.array(session.run(None, dict(sample))).reshape(-1, 2)
        extremes[:, 0] = np.minimum(extremes[:, 0], found[:, 0])
        extremes[:, 1] = np.maximum(extremes[:, 1], found[:, 1])
    return {v: (float(a), float(b)) for v, (a, b) in zip(values, extremes, strict=True)}
