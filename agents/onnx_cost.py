"""What a node costs: the bytes that are held for it, and about how many nanoseconds it takes.

The times are upper bounds, taken from the slowest shapes, types and numbers of each operator on a server's core of 2024; a
product of large matrices is fifty times as fast.
"""

import math

import numpy as np

from .onnx_graph import DOUBLE, DTYPES, FLOAT, Node
from .onnx_shapes import Inputs, Value

LANES = 16  # channels and columns that onnxruntime's kernels pad to
PER_ELEMENT = 8  # of an input or output: powers, Mish, broadcasts of two elements at a time
PER_PICK = 64  # of a Gather: reads all over the memory
PER_PLACE = 4  # of a pool's window, where sums of the smallest numbers are slow
PER_PRODUCT = 200  # a call of a kernel for each matrix, group, row or step, however small
_VARIADIC = ("Max", "Min")  # computed two by two, each time in the size of the result
_WEIGHTED = {"Conv": (1,), "Gemm": (1,), "MatMul": (1,), "LSTM": (1, 2), "GRU": (1, 2)}  # inputs that are rearranged


def bytes_of(value: Value) -> int:
    """Bytes of a tensor as it goes in and out."""
    return math.prod(value.shape) * np.dtype(DTYPES[value.dtype]).itemsize


def size_of(value: Value) -> int:
    """Bytes of a tensor inside; of a picture (n, c, h, w) with its channels padded, as convolutions keep them."""
    if len(value.shape) != 4 or value.dtype != FLOAT:
        return bytes_of(value)
    rows, channels, *sides = value.shape
    return 4 * rows * _padded(channels) * math.prod(sides)


def weights_of(node: Node, ins: Inputs, constants: set[str]) -> int:
    """Bytes of the copy of a node's constant weights that its kernel keeps, rearranged, for itself."""
    places = [at for at in _WEIGHTED.get(node.op, ()) if at < len(ins) and node.inputs[at] in constants]
    return sum(_rearranged(node, ins[at]) for at in places)


def _rearranged(node: Node, value: Value) -> int:
    shape = value.shape
    if node.op == "Conv":
        shape = (_padded(shape[0]), _padded(shape[1]) if shape[1] > 3 else shape[1], *shape[2:])
    else:
        turned = node.op in ("LSTM", "GRU") or node.attributes.get("transB", 0)
        wide, narrow = (-1, -2) if not turned else (-2, -1)
        shape = (math.prod(shape[:-2]), shape[narrow], _padded(shape[wide]))
    return math.prod(shape) * (8 if value.dtype == DOUBLE else 4)


def scratch_of(node: Node, ins: Inputs, outs: list[Value]) -> int:
    """Bytes a kernel may want beside its outputs: unfolded windows, the gates of every step."""
    if node.op == "Conv":
        return 4 * ins[0].shape[1] * math.prod(ins[1].shape[2:]) * math.prod(outs[0].shape[2:])
    return 4 * 8 * math.prod(outs[0].shape) if node.op in ("LSTM", "GRU") else 0


def time_of(node: Node, ins: Inputs, outs: list[Value]) -> int:
    """About nanoseconds, at most."""
    elements = sum(math.prod(value.shape) for value in (*ins, *outs))
    return PER_ELEMENT * elements + _beyond(node, ins, outs)


def _beyond(node: Node, ins: Inputs, outs: list[Value]) -> int:
    """What it takes beyond touching each element: multiply-adds, and the calls of kernels."""
    shape = outs[0].shape
    size = math.prod(shape)
    if node.op in _VARIADIC:
        return PER_ELEMENT * size * len(ins)
    if node.op == "Gather":
        return PER_PICK * size
    if node.op == "Gemm":
        return size * math.prod(ins[0].shape) // shape[0]
    if node.op == "MatMul":
        return size * ins[0].shape[-1] + PER_PRODUCT * math.prod(shape[:-2])
    if node.op == "Conv":
        groups = shape[0] * node.attributes.get("group", 1)
        return size * math.prod(ins[1].shape[1:]) + PER_PRODUCT * groups
    if node.op in ("MaxPool", "AveragePool"):
        return PER_PLACE * size * math.prod(node.attributes["kernel_shape"])
    if node.op in ("LSTM", "GRU"):
        steps = math.prod(ins[0].shape[:2])
        return steps * (math.prod(ins[1].shape) + math.prod(ins[2].shape) + PER_PRODUCT * ins[1].shape[0])
    return 0


def _padded(size: int) -> int:
    """
    >>> _padded(17)
    32
    """
    return -(-size // LANES) * LANES
