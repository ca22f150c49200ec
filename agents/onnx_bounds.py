"""How much memory and arithmetic a graph asks for, before anything runs it.

Every allowed operator has a rule that gives the exact shapes of its outputs; an operator without one is refused, and so
is a size that depends on the data. Each attribute a kernel divides by, or indexes with, is checked on the way. Left out on
purpose: If, Loop, Scan (hang), Tile, Pad, Resize, Range, Einsum (no policy needs them), Mod (traps on zero).
"""

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from .onnx_graph import DTYPES, MAX_RANK, Graph, Node
from .onnx_layers import LAYER_RULES
from .onnx_shapes import ABSENT, SHAPE_RULES, Inputs, Value, need, odd
from .onnx_wire import Refused

MAX_BYTES = 64 * 2**20  # of all values a call computes, and its largest scratch buffer
MAX_WORK = 10**9  # multiply-adds and elements touched, for one row
RULES = SHAPE_RULES | LAYER_RULES
_TAKE_EMPTY = ("Concat", "ConstantOfShape", "Shape")


class Cost(NamedTuple):
    bytes: int
    work: int


def measure(graph: Graph, batch: int) -> Cost:
    """The cost of one call with `batch` rows. Raises Refused where it is beyond the bounds or cannot be known."""
    held = scratch = work = 0
    for node, ins, outs in propagate(graph, batch):
        held += sum(_bytes(out) for out in outs)
        scratch = max(scratch, _scratch(node, ins, outs))
        work += sum(math.prod(value.shape) for value in (*ins, *outs)) + _work(node, ins, outs)
        if held + scratch > MAX_BYTES or work > MAX_WORK * batch:
            raise Refused(f"it wants over {MAX_BYTES >> 20} MiB of memory or {MAX_WORK:.0e} operations for a decision")
    return Cost(held + scratch, work)


def propagate(graph: Graph, batch: int) -> Iterator[tuple[Node, Inputs, list[Value]]]:
    """The inputs and outputs of each node in turn, for `batch` rows. Raises Refused where a size cannot be known."""
    values = {name: Value(tensor.dims, tensor.dtype, tensor.values) for name, tensor in graph.constants.items()}
    values |= {name: Value((batch, *dims), dtype) for name, (dtype, dims) in graph.inputs.items()}
    values[""] = ABSENT
    for node in graph.nodes:
        ins = [values[name] for name in node.inputs]
        outs = _apply(node, ins)
        values |= {name: out for name, out in zip(node.outputs, outs, strict=True) if name}
        yield node, ins, outs


def _apply(node: Node, ins: Inputs) -> list[Value]:
    rule = RULES.get(node.op)
    if rule is None:
        raise Refused(f"it uses the operator {node.op[:80]!r}, which no policy needs")
    try:
        need(node.op in _TAKE_EMPTY or not ins or 0 not in ins[0].shape, node, "an empty input")
        outs = rule(node, ins)
    except Refused:
        raise
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        # An input or attribute is missing or of the wrong kind.
        raise odd(node) from None
    if not 0 < len(node.outputs) <= len(outs):
        raise odd(node)
    for out in outs:
        _check_size(node, out)
    return outs[: len(node.outputs)]


def _check_size(node: Node, out: Value) -> None:
    empty = out.known is not None and out.shape == (0,)  # a list of no axes or sizes
    need(len(out.shape) <= MAX_RANK and (empty or all(size > 0 for size in out.shape)), node, "a result")
    need(out.dtype in DTYPES, node)


def _bytes(value: Value) -> int:
    return math.prod(value.shape) * np.dtype(DTYPES[value.dtype]).itemsize


def _work(node: Node, ins: Inputs, outs: list[Value]) -> int:
    """Multiply-adds beyond one for each element."""
    size = math.prod(outs[0].shape)
    if node.op == "Gemm":
        return size * math.prod(ins[0].shape) // outs[0].shape[0]
    if node.op == "MatMul":
        return size * ins[0].shape[-1]
    if node.op == "Conv":
        return size * math.prod(ins[1].shape[1:])
    if node.op in ("MaxPool", "AveragePool"):
        return size * math.prod(node.attributes["kernel_shape"])
    if node.op in ("LSTM", "GRU"):
        return math.prod(ins[0].shape[:2]) * (math.prod(ins[1].shape) + math.prod(ins[2].shape))
    return 0


def _scratch(node: Node, ins: Inputs, outs: list[Value]) -> int:
    """Bytes a kernel may want beside its outputs: unfolded windows, the gates of every step."""
    if node.op == "Conv":
        return 4 * ins[0].shape[1] * math.prod(ins[1].shape[2:]) * math.prod(outs[0].shape[2:])
    return 4 * 8 * math.prod(outs[0].shape) if node.op in ("LSTM", "GRU") else 0
