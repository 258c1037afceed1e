"""From a compiled network to the kernels that its runtime executes."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

from sartor.cost.kernels.kernel import Kernel
from sartor.errors import OptionError
from sartor.targets import Step

Shape = Sequence[int]
CACHE_BYTES = 2**21
"""Of weights, of which half are still in the cache at the next call: more, and each call reads them
from farther away, as in whole networks."""
SHORTEST = 1e-4
"""Milliseconds of a kernel at least."""
IMAGE = 4
"""Channels of an image at most: convolutions that read one have kernels of their own."""
RAGGED = 16
"""Channels that int8 depthwise convolutions work on at once; other numbers of them take code that
is three times as slow (ONNX Runtime, AVX-512: 5.5 and 17.5 billion multiply-adds a second)."""
WEIGHTS = {
    "onnxruntime": {"Conv": 1, "FusedConv": 1, "NhwcFusedConv": 1, "QLinearConv": 3},
    "openvino": {"Convolution": 1},
}
"""Convolutions of each runtime, and the position of the weight among what they read."""
MATRICES = {
    "onnxruntime": {
        "Gemm": 1, "FusedGemm": 1, "MatMul": 1, "FusedMatMul": 1, "QGemm": 3, "QLinearMatMul": 3,
    },
    "openvino": {"FullyConnected": 1, "MatMul": 1},
}  # fmt: skip
"""Products of matrices, likewise."""
BY_WEIGHTS = frozenset({"Gemm", "FusedGemm", "QGemm", "FullyConnected"})
BLOCKED = "com.microsoft.nchwc"
"""Domain of the operators on maps whose channels lie in blocks."""
REARRANGING = frozenset({"Concat", "QLinearConcat", "Split", "Slice", "Pad", "Gather"})


def kernels_of(steps: Sequence[Step], runtime: str) -> tuple[Kernel, ...]:
    """Return what a program executes, sorted; no time is used.

    Args:
        steps: All of the program's.
        runtime: Name of the runtime that compiled it.

    Raises:
        OptionError: There are none: the runtime does not tell what it executes.
    """
    return kernels_and_shares(steps, runtime)[0]


def kernels_and_shares(
    steps: Sequence[Step], runtime: str
) -> tuple[tuple[Kernel, ...], tuple[float, ...]]:
    """Return what a program executes, sorted, and the share of its time that each kernel takes.

    Args:
        steps: All of the program's, profiled over several calls.
        runtime: Name of the runtime that compiled it.

    Raises:
        OptionError: There are none: the runtime does not tell what it executes.
    """
    if not steps:
        raise OptionError(
            f"{runtime} does not tell what it executes, so its kernels cannot be predicted; give "
            "another runtime."
        )
    kernels = [kernel_of(step, runtime) for step in steps]
    weights = sum(it.constants * it.item_bytes for it in kernels)
    cold = round(4 * min(1.0, max(0.0, weights / CACHE_BYTES - 0.5)))
    placed = (replace(it, cold=cold) if it.constants else it for it in kernels)
    # Sorted: a runtime orders what is independent anew each time that it compiles a network.
    both = zip(placed, _shares([step.milliseconds for step in steps]), strict=True)
    found = sorted(both, key=lambda it: (it[0].to_json(), it[1]))
    return tuple(kernel for kernel, _ in found), tuple(share for _, share in found)


def _shares(times: Sequence[float]) -> tuple[float, ...]:
    """Return shares of profiled times, without what the profiler adds to each of them.

    That is nearly all of the shortest one: reshaping takes no time, and ONNX Runtime's profiler
    tells 5 to 6 microseconds.
    """
    added = 0.95 * min(times)
    own = [it - added + SHORTEST for it in times]
    return tuple(float(f"{it / sum(own):.4g}") for it in own)


def kernel_of(step: Step, runtime: str) -> Kernel:
    """Describe one step; every step has a kernel, known to a model or not."""
    if step.kind in WEIGHTS.get(runtime, {}):
        kernel = _convolution(step, runtime)
    elif step.kind in MATRICES.get(runtime, {}):
        kernel = _matrices(step, runtime)
    else:
        kernel = _moving(step, runtime)
    return replace(kernel, form=f"{kernel.form} {_code(step)}".strip())


def _code(step: Step) -> str:
    """Name the code that a runtime runs for an operator, where it has several and tells."""
    if step.attributes.get("domain") == BLOCKED:
        return "in blocks"
    return str(step.attributes.get("exec_type", ""))


def _convolution(step: Step, runtime: str) -> Kernel:
    """Maps are (n, c, rows, columns), or (n, rows, columns, c) with `channels_last`."""
    weight = step.reads[WEIGHTS[runtime][step.kind]]  # (o, i / groups, kh, kw)
    image, result = step.reads[0], step.writes[0]
    groups = int(step.attributes.get("group", 1))
    data = [it for it in step.reads if len(it) == len(image) and it != weight]
    if len(weight) > len(image):  # (groups, o / groups, i / groups, kh, kw)
        groups, weight = weight[0], (weight[0] * weight[1], *weight[2:])
    last = bool(step.attributes.get("channels_last")) or step.kind == "NhwcFusedConv"
    channels = image[-1] if last else image[1]
    spatial, before = (it[1:-1] if last else it[2:] for it in (result, image))
    strides = step.attributes.get("strides") or [round(before[-1] / spatial[-1])]
    taps = math.prod(weight[2:])
    form = _form(groups, weight, channels, taps, math.prod(spatial))
    if form == "depthwise" and step.precision == "int8" and channels % RAGGED:
        form = "depthwise ragged"
    details = [str(step.attributes.get("activation", ""))] + ["sum"] * (len(data) > 1)
    return Kernel(
        runtime,
        step.kind,
        step.precision,
        form,
        " ".join(filter(None, details)),
        count=groups,
        rows=result[0] * math.prod(spatial),
        inner=math.prod(weight[1:]),
        columns=weight[0] // groups,
        taps=taps,
        stride=int(strides[-1]),
        width=spatial[-1] if spatial else 1,
        read=sum(math.prod(it) for it in data),
        written=math.prod(result),
        constants=math.prod(weight),
    )


def _form(groups: int, weight: Shape, channels: int, taps: int, pixels: int) -> str:
    if groups > 1:
        return "depthwise" if groups == channels == weight[0] else "grouped"
    if channels <= IMAGE:
        return "image"
    if pixels == 1 and taps == 1:
        return "vector"
    return "pointwise" if taps == 1 else "dense"


def _matrices(step: Step, runtime: str) -> Kernel:
    """Products over the last two dimensions; those before them are a batch."""
    one, other = step.reads[0], step.reads[MATRICES[runtime][step.kind]]
    result = step.writes[0]
    turned = step.attributes.get("transA") and len(one) > 1
    inner = one[-2] if turned else one[-1]
    rows, columns = (1, *result)[-2:]
    batch = math.prod(result[:-2])
    constant = step.kind in BY_WEIGHTS or len(other) < len(one)
    if constant:
        rows, batch = rows * batch, 1
    second = math.prod(other)
    return Kernel(
        runtime,
        step.kind,
        step.precision,
        ("vector" if rows == 1 else "matrix") + (" by weights" if constant else ""),
        "turned" if step.attributes.get("transB") else "",
        count=batch,
        rows=rows,
        inner=inner,
        columns=columns,
        width=columns,
        read=math.prod(one) + (0 if constant else second),
        written=math.prod(result),
        constants=second if constant else 0,
    )


def _moving(step: Step, runtime: str) -> Kernel:
    """Describe what multiplies no matrices by the numbers that it reads and writes."""
    data = _flowing(step)
    written = sum(math.prod(it) for it in step.writes)
    form, width = FORMS.get(step.kind, _plain)(step, data)
    taps = math.prod(step.attributes.get("kernel_shape") or [1])
    return Kernel(
        runtime,
        step.kind,
        "int8" if step.kind.startswith("QLinear") else step.precision,
        form,
        rows=max(1, written // max(1, width)),
        columns=max(1, min(math.prod(it) for it in data) if data else 1),
        taps=taps if "Global" not in step.kind else 1,
        stride=int((step.attributes.get("strides") or [1])[-1]),
        width=max(1, width),
        read=sum(math.prod(it) for it in data),
        written=written,
    )


def _flowing(step: Step) -> Sequence[Shape]:
    """Return the shapes of what is read, without scales, zero points and lists of sizes."""
    rank = max((len(it) for it in (*step.reads, *step.writes)), default=0)
    found = [it for it in step.reads if len(it) >= min(2, rank) and math.prod(it) > 0]
    return found or list(step.reads[:1])


def _plain(step: Step, data: Sequence[Shape]) -> tuple[str, int]:
    """Kernels that go through their numbers one by one."""
    shape = step.writes[0] if step.writes else data[0] if data else (1,)
    return "", shape[-1] if shape else 1


def _pairwise(step: Step, data: Sequence[Shape]) -> tuple[str, int]:
    """Kernels of two maps, of which one may be repeated over the other."""
    result = step.writes[0]
    # Of integers, scales are numbers beside the maps.
    for it in data if step.kind.startswith("QLinear") else (*data, *step.reads):
        if math.prod(it) == math.prod(result):
            continue
        if len(it) != len(result) or math.prod(it) <= 1:
            return "by a number" if math.prod(it) <= 1 else "by rows", result[-1]
        if it[-1] == 1:  # each number of the smaller map meets a run of the larger one
            run = 1
            for small, large in zip(reversed(it), reversed(result), strict=True):
                if small != 1:
                    break
                run *= large
            return "by channels", run
        return "by rows", math.prod(it)
    return "alike", result[-1] if result else 1


def _turned(step: Step, data: Sequence[Shape]) -> tuple[str, int]:
    """Transposes: those that keep the last dimensions copy runs of numbers."""
    order = [int(it) for it in step.attributes.get("perm", ())]
    if not order or not data:
        return "whole", 1
    shape = data[0]
    run, place = 1, len(order) - 1
    while place >= 0 and order[place] == place:
        run *= shape[place]
        place -= 1
    if place < 0:
        return "nothing", run
    if run > 1:
        return "runs", run
    return ("one axis" if _moves_one_axis(order) else "numbers"), shape[order[-1]]


def _moves_one_axis(order: Sequence[int]) -> bool:
    """Tell whether one axis changes its place among the others, axes that stay together being one.

    ONNX Runtime has fast code for it; other orders are copied number by number, which takes twenty
    times as long (10 and 0.5 ns a number).
    """
    first = [it for it, before in zip(order, (-2, *order[:-1]), strict=True) if it != before + 1]
    others = (first[:place] + first[place + 1 :] for place in range(len(first)))
    return any(it == sorted(it) for it in others)


def _joined(step: Step, data: Sequence[Shape]) -> tuple[str, int]:
    """Concatenations and their like copy runs: all dimensions from the axis on, part by part."""
    parts = step.writes if step.kind == "Split" else data
    axis = int(step.attributes.get("axis", 0))
    runs = sum(math.prod(it[:axis]) for it in parts)
    return "", sum(math.prod(it) for it in parts) // max(1, runs)


def _reduced(step: Step, data: Sequence[Shape]) -> tuple[str, int]:
    """Means and sums: over the last dimensions, or over others."""
    shape, result = data[0], step.writes[0]
    share = max(1, math.prod(shape) // max(1, math.prod(result)))
    return ("over others" if result and shape[-1] == result[-1] > 1 else "over the last"), share


def _resized(step: Step, _: Sequence[Shape]) -> tuple[str, int]:
    """Maps of another size, from the nearest pixel or between several."""
    return str(step.attributes.get("mode", "")), step.writes[0][-1]


FORMS: dict[str, Callable[[Step, Sequence[Shape]], tuple[str, int]]] = {
    **dict.fromkeys(("Add", "Mul", "Sub", "Div", "QLinearAdd", "QLinearMul"), _pairwise),
    "Transpose": _turned,
    **dict.fromkeys(("Concat", "QLinearConcat", "Split"), _joined),
    **dict.fromkeys(("ReduceMean", "ReduceSum", "ReduceL2"), _reduced),
    **dict.fromkeys(("GlobalAveragePool", "QLinearGlobalAveragePool"), _reduced),
    "Resize": _resized,
}
"""How each kind is told apart further, and the run of numbers that it works on."""
