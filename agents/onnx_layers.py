"""Shape rules of the ONNX operators that are layers: products, windows, normalisation, recurrence.

Source: the operator documents of ONNX, opsets 13 to 25.
"""

from collections.abc import Sequence

from .onnx_graph import FLOAT, Node
from .onnx_shapes import ABSENT, Inputs, Rule, Shape, Value, broadcast, need, one_axis, optional

MAX_WINDOW = 1024  # of a kernel size, stride, dilation or padding


def _ints(node: Node, name: str, default: Sequence[int]) -> list[int]:
    values = node.attributes.get(name) or list(default)
    need(len(values) == len(default) and all(0 <= value <= MAX_WINDOW for value in values), node, name)
    return list(values)


def _gemm(node: Node, ins: Inputs) -> list[Value]:
    rows, inner = ins[0].shape[:: -1 if node.attributes.get("transA", 0) else 1]
    same, columns = ins[1].shape[:: -1 if node.attributes.get("transB", 0) else 1]
    bias = optional(ins, 2).shape
    need(inner == same and broadcast(bias, (rows, columns)) == (rows, columns), node, "sizes")
    return [Value((rows, columns), ins[0].dtype)]


def _matmul(node: Node, ins: Inputs) -> list[Value]:
    a, b = ins[0].shape, ins[1].shape
    need(len(a) >= 2 and len(b) >= 2 and a[-1] == b[-2], node, "sizes")
    return [Value((*broadcast(a[:-2], b[:-2]), a[-2], b[-1]), ins[0].dtype)]


def _windows(node: Node, sizes: Shape, kernel: Shape) -> Shape:
    """How many places a sliding window has along each axis."""
    ones = [1] * len(sizes)
    strides, dilations = _ints(node, "strides", ones), _ints(node, "dilations", ones)
    pads, pad_kind = _ints(node, "pads", [0] * 2 * len(sizes)), node.attributes.get("auto_pad", b"NOTSET")
    need(0 not in strides + dilations and all(0 < size <= MAX_WINDOW for size in kernel), node, "windows")
    need(pad_kind == b"NOTSET" and not node.attributes.get("ceil_mode", 0), node, "windows")
    reach = [dilation * (size - 1) + 1 for dilation, size in zip(dilations, kernel, strict=True)]
    need(all(pad < most for pad, most in zip(pads, reach + reach, strict=True)), node, "pads")
    whole = [size + low + high for size, low, high in zip(sizes, pads, pads[len(sizes) :], strict=False)]
    return tuple((w - r) // s + 1 for w, r, s in zip(whole, reach, strides, strict=True))


def _conv(node: Node, ins: Inputs) -> list[Value]:
    (rows, channels, *sizes), (filters, per_group, *kernel) = ins[0].shape, ins[1].shape
    group = node.attributes.get("group", 1)
    need(0 < group <= channels and per_group * group == channels and filters % group == 0, node, "groups")
    need(node.attributes.get("kernel_shape", kernel) == kernel and 1 <= len(sizes) <= 2, node, "windows")
    need(optional(ins, 2) is ABSENT or ins[2].shape == (filters,), node, "a bias")
    return [Value((rows, filters, *_windows(node, tuple(sizes), tuple(kernel))), ins[0].dtype)]


def _pool(node: Node, ins: Inputs) -> list[Value]:
    rows, channels, *sizes = ins[0].shape
    need(1 <= len(sizes) <= 2, node, "windows")
    return [
        Value((rows, channels, *_windows(node, tuple(sizes), tuple(node.attributes["kernel_shape"]))), ins[0].dtype)
    ]


def _global_pool(node: Node, ins: Inputs) -> list[Value]:
    rows, channels, *sizes = ins[0].shape
    return [Value((rows, channels, *(1 for _ in sizes)), ins[0].dtype)]


def _layer_norm(node: Node, ins: Inputs) -> list[Value]:
    shape = ins[0].shape
    at = one_axis(node, node.attributes.get("axis", -1), len(shape))
    need(all(value is ABSENT or value.shape == shape[at:] for value in ins[1:]), node, "sizes")
    statistics = Value(shape[:at] + (1,) * len(shape[at:]), FLOAT)
    return [Value(shape, ins[0].dtype), statistics, statistics]


def _batch_norm(node: Node, ins: Inputs) -> list[Value]:
    need(len(ins) == 5 and all(value.shape == (ins[0].shape[1],) for value in ins[1:]), node, "sizes")
    need(not node.attributes.get("training_mode", 0), node, "a training mode")
    return [Value(ins[0].shape, ins[0].dtype)]


def _recurrent(node: Node, ins: Inputs) -> list[Value]:
    """LSTM and GRU: X (time, batch, width), W (directions, gates * hidden, width), R (.., gates * hidden, hidden)."""
    gates = 4 if node.op == "LSTM" else 3
    (time, batch, width), (directions, _, hidden) = ins[0].shape, ins[2].shape
    state, rows = (directions, batch, hidden), (directions, gates * hidden)
    both = node.attributes.get("direction", b"forward") == b"bidirectional"
    shapes = {1: (*rows, width), 2: (*rows, hidden), 3: (directions, 2 * rows[1]), 5: state, 6: state}
    shapes |= {7: (directions, 3 * hidden)}
    need(all(value is ABSENT or value.shape == shapes.get(at) for at, value in enumerate(ins) if at), node, "sizes")
    need(directions == 1 + both and not node.attributes.get("layout", 0), node, "a layout")
    need(node.attributes.get("hidden_size", hidden) == hidden, node, "a hidden size")
    ends = [Value(state, ins[0].dtype)] * (2 if gates == 4 else 1)
    return [Value((time, directions, batch, hidden), ins[0].dtype), *ends]


LAYER_RULES: dict[str, Rule] = {
    "AveragePool": _pool,
    "BatchNormalization": _batch_norm,
    "Conv": _conv,
    "GRU": _recurrent,
    "Gemm": _gemm,
    "GlobalAveragePool": _global_pool,
    "GlobalMaxPool": _global_pool,
    "LSTM": _recurrent,
    "LayerNormalization": _layer_norm,
    "MatMul": _matmul,
    "MaxPool": _pool,
}
