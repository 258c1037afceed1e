"""What TFLite operators do, and how much they multiply."""

import math
from collections.abc import Sequence

from sartor.graph.formats.operators import effect_of
from sartor.graph.graph import Effect, Products

Shape = Sequence[int]


def what_it_does(
    kind: str, reads: Sequence[Shape], written: Shape
) -> tuple[Effect, Products | None]:
    """Return the effect of an operator, and its products where it has some.

    Args:
        kind: Operator.
        reads: Shapes of all its inputs, constants too, in order; images are (n, h, w, c).
        written: Shape of its first output.
    """
    if kind == "CONV_2D":  # weights (o, kh, kw, i / groups)
        groups = reads[0][3] // reads[1][3]
        inner, columns = math.prod(reads[1][1:]), reads[1][0] // groups
        return Effect.PRODUCTS, Products(groups, math.prod(written[:3]), inner, columns)
    if kind == "DEPTHWISE_CONV_2D":  # weights (1, kh, kw, o)
        groups = reads[0][3]
        inner, columns = reads[1][1] * reads[1][2], reads[1][3] // groups
        effect = Effect.DEPTHWISE if columns == 1 else Effect.PRODUCTS
        return effect, Products(groups, math.prod(written[:3]), inner, columns)
    if kind == "TRANSPOSE_CONV":  # the shape of the output, weights (o, kh, kw, i), images
        columns = math.prod(reads[1][:3])
        return Effect.PRODUCTS, Products(1, math.prod(reads[2][:3]), reads[1][3], columns)
    if kind == "FULLY_CONNECTED":  # weights (o, i)
        columns, inner = reads[1]
        return Effect.PRODUCTS, Products(1, math.prod(reads[0]) // inner, inner, columns)
    if kind == "BATCH_MATMUL":
        inner = math.prod(reads[0]) // math.prod(written[:-1])
        return Effect.PRODUCTS, Products(math.prod(written[:-2]), written[-2], inner, written[-1])
    return effect_of("tflite", kind), None
