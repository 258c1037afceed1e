"""From a float file to one that computes in int8 where its runtime is faster for it."""

from dataclasses import dataclass

import numpy as np
import onnx
from onnx import helper, numpy_helper

from sartor.deploy.ranges import ranges

WEIGHTED = {"Conv", "Gemm"}
ACTIVATIONS = {"Relu", "Clip"}
MOVES = {"Flatten", "MaxPool"}


@dataclass(frozen=True, slots=True)
class Scheme:
    ops: frozenset[str]
    outputs: bool = True
    skip_output_before: frozenset[str] = frozenset()
    logits: bool = False
    signed: str = ""  # "" | "s8" | "u8"
    all_readers: bool = True
    bias: bool = True
    pair_skip: bool = False


def quantize(source, target, calibration, *, runtime=None, keep_float=(), scheme=None):
    keep = keep_float if callable(keep_float) else set(keep_float).__contains__
    model = onnx.load(source)
    q = Quantizer(model, scheme, keep)
    q.round_all(calibration)
    target.write_bytes(model.SerializeToString(deterministic=True))


class Quantizer:
    def __init__(self, model, scheme, keep):
        self.model = model
        self.scheme = scheme
        g = model.graph
        self.constants = {t.name: t for t in g.initializer}
        self.nodes = list(g.node)
        self.readers = {}
        for n in self.nodes:
            for i in n.input:
                self.readers.setdefault(i, []).append(n)
        self.final = g.output[0].name
        self.chosen = [n for n in self.nodes if n.op_type in scheme.ops and not keep(n.name)]
        self.chosen_names = {n.name for n in self.chosen}

    def activations(self, n):
        return [i for i in n.input if i and i not in self.constants]

    def rounded(self):
        out = {}
        for n in self.chosen:
            for i in self.activations(n)[: 1 if n.op_type in WEIGHTED else None]:
                out[i] = None
            if self.scheme.outputs:
                t = n.output[0]
                rs = self.readers.get(t, [])
                if len(rs) == 1 and rs[0].op_type in ACTIVATIONS:
                    t = rs[0].output[0]
                    rs = self.readers.get(t, [])
                if rs and rs[0].op_type in self.scheme.skip_output_before:
                    continue
                if t == self.final and not self.scheme.logits:
                    continue
                out[t] = None
        return list(out)

    def round_all(self, calibration):
        tensors = self.rounded()
        rg = ranges(self.model, tensors, calibration)
        new = []
        self.new_constants = {}
        self.grid = {t: self.quantization(t, *rg[t]) for t in tensors}
        for t in tensors:
            if t == "input":
                new += self.pair(t)
        for n in self.nodes:
            ins = list(n.input)
            m = onnx.NodeProto()
            m.CopyFrom(n)
            for k, i in enumerate(ins):
                if i in self.grid and (self.scheme.all_readers or n.name in self.chosen_names):
                    m.input[k] = i + ".rounded"
            if n.name in self.chosen_names and n.op_type in WEIGHTED:
                new += self.weights(n, m)
            new.append(m)
            for o in n.output:
                if o in self.grid:
                    new += self.pair(o)
        g = self.model.graph
        del g.node[:]
        g.node.extend(new)
        used = {i for n in new for i in n.input}
        keepi = [t for t in g.initializer if t.name in used]
        keepi = [onnx.TensorProto.FromString(t.SerializeToString()) for t in keepi]
        del g.initializer[:]
        g.initializer.extend(keepi)
        g.initializer.extend(numpy_helper.from_array(a, k) for k, a in self.new_constants.items())

    def quantization(self, t, low, high):
        s = self.scheme
        if s.signed and low < 0:
            a = max(-low, high)
            if s.signed == "s8":
                return np.float32(a / 127 or 1), np.int8(0)
            return np.float32(a / 127.5 or 1), np.uint8(128)
        scale = (high - low) / 255
        if scale < 1e-38:
            return np.float32(1), np.uint8(0)
        return np.float32(scale), np.uint8(round(-low / scale))

    def pair(self, t):
        scale, zero = self.grid[t]
        self.new_constants[t + ".scale"] = np.array(scale)
        self.new_constants[t + ".zero"] = np.array(zero)
        p = [t + ".scale", t + ".zero"]
        name = t
        out = [
            helper.make_node("QuantizeLinear", [t, *p], [t + ".int8"], name=t + ".quantize"),
            helper.make_node(
                "DequantizeLinear", [t + ".int8", *p], [t + ".rounded"], name=t + ".dequantize"
            ),
        ]
        return out

    def weights(self, n, m):
        w = numpy_helper.to_array(self.constants[n.input[1]])
        b = numpy_helper.to_array(self.constants[n.input[2]])
        ws = np.abs(w).reshape(len(w), -1).max(1) / 127
        ws[ws == 0] = 1
        xs = self.grid[n.input[0]][0]
        ws = np.maximum(ws, np.abs(b) / xs / 2**30).astype(np.float32)
        q = np.clip(np.rint(w / ws.reshape(-1, *(1,) * (w.ndim - 1))), -127, 127).astype(np.int8)
        c = self.new_constants
        wn, bn = n.input[1], n.input[2]
        c[wn + ".int8"] = q
        c[wn + ".scale"] = ws
        c[wn + ".zero"] = np.zeros(len(ws), np.int8)
        m.input[1] = wn + ".rounded"
        out = [
            helper.make_node(
                "DequantizeLinear",
                [wn + ".int8", wn + ".scale", wn + ".zero"],
                [wn + ".rounded"],
                name=wn + ".dequantize",
                axis=0,
            )
        ]
        if self.scheme.bias:
            bs = (ws * xs).astype(np.float32)
            c[bn + ".int32"] = np.rint(b / bs).astype(np.int32)
            c[bn + ".scale"] = bs
            c[bn + ".zero"] = np.zeros(len(bs), np.int32)
            out.append(
                helper.make_node(
                    "DequantizeLinear",
                    [bn + ".int32", bn + ".scale", bn + ".zero"],
                    [bn + ".rounded"],
                    name=bn + ".dequantize",
                    axis=0,
                )
            )
            m.input[2] = bn + ".rounded"
        return out
