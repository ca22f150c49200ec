"""How much memory and arithmetic a graph asks for, before anything runs it.

Every allowed operator has a rule that gives the exact shapes of its outputs; an operator without one is refused, and so
is a size that depends on the data. Each attribute a kernel divides by, or indexes with, is checked on the way. Left out on
purpose: If, Loop, Scan (hang), Tile, Pad, Resize, Range, Einsum (no policy needs them), Mod (traps on zero).

So the work of a call is known before onnxruntime starts, and bounded: a node runs once, when the session folds constants or
when it is called. No child process with a time limit is needed for a stranger's file; `npckit bench fuzz` measures that.
"""

from collections.abc import Iterator
from typing import NamedTuple

from .onnx_attributes import check_attributes
from .onnx_cost import bytes_of, scratch_of, size_of, time_of, weights_of
from .onnx_graph import DTYPES, MAX_RANK, Graph, Node
from .onnx_layers import LAYER_RULES
from .onnx_shapes import ABSENT, SHAPE_RULES, Inputs, Value, need, odd
from .onnx_wire import Refused

MAX_BYTES = 64 * 2**20  # of a call's inputs and all values it computes, and its largest scratch buffer
MAX_WEIGHTS = 64 * 2**20  # bytes that kernels keep of the weights, for each node that has some
MAX_ROW = 4 * 2**20  # bytes of the inputs and outputs of one row, of which the caller holds many
MAX_WORK = 5 * 10**8  # about nanoseconds, for one row
RULES = SHAPE_RULES | LAYER_RULES
_TAKE_EMPTY = ("Concat", "ConstantOfShape", "Shape")


class Cost(NamedTuple):
    bytes: int
    work: int  # about nanoseconds, at most


def measure(graph: Graph, batch: int) -> Cost:
    """The cost of one call with `batch` rows. Raises Refused where it is beyond the bounds or cannot be known."""
    values, constants = _given(graph, batch), {"", *graph.constants}
    held, scratch, weights, work = sum(size_of(values[name]) for name in graph.inputs), 0, 0, 0
    for node, ins, outs in propagate(graph, batch):
        values |= zip(node.outputs, outs, strict=True)
        held += sum(map(size_of, outs))
        scratch = max(scratch, scratch_of(node, ins, outs))
        weights += weights_of(node, ins, constants)
        work += time_of(node, ins, outs)
        if constants.issuperset(node.inputs):
            constants.update(node.outputs)  # for onnxruntime computes it once, when it opens the file
        if held + scratch > MAX_BYTES or weights > MAX_WEIGHTS or work > MAX_WORK * batch:
            raise Refused(f"it wants over {MAX_BYTES >> 20} MiB of memory or {MAX_WORK:.0e} operations for a decision")
    if sum(bytes_of(values[name]) for name in (*graph.inputs, *graph.outputs)) > MAX_ROW * batch:
        raise Refused(f"what goes in and out for a decision is over {MAX_ROW >> 20} MiB")
    return Cost(held + scratch, work)


def propagate(graph: Graph, batch: int) -> Iterator[tuple[Node, Inputs, list[Value]]]:
    """The inputs and outputs of each node in turn, for `batch` rows. Raises Refused where a size cannot be known."""
    values = _given(graph, batch) | {"": ABSENT}
    for node in graph.nodes:
        ins = [values[name] for name in node.inputs]
        outs = _apply(node, ins)
        values |= {name: out for name, out in zip(node.outputs, outs, strict=True) if name}
        yield node, ins, outs


def _given(graph: Graph, batch: int) -> dict[str, Value]:
    """The constants and inputs."""
    values = {name: Value(tensor.dims, tensor.dtype, tensor.values) for name, tensor in graph.constants.items()}
    return values | {name: Value((batch, *dims), dtype) for name, (dtype, dims) in graph.inputs.items()}


def _apply(node: Node, ins: Inputs) -> list[Value]:
    rule = RULES.get(node.op)
    if rule is None:
        raise Refused(f"it uses the operator {node.op[:80]!r}, which no policy needs")
    try:
        check_attributes(node)
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
