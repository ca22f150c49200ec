"""Shape rules of the ONNX operators that compute element by element or move elements about.

A rule gives the exact shapes of a node's outputs, and follows the values of small whole-number tensors, from which other
shapes are made. Source: the operator documents of ONNX, opsets 13 to 25.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .onnx_graph import BOOL, DOUBLE, DTYPES, FLOAT, INT64, SMALL, Node, Tensor
from .onnx_wire import Refused

Shape = tuple[int, ...]


class Value(NamedTuple):
    shape: Shape
    dtype: int
    known: NDArray[np.int64] | None = None  # the values, where they follow from shapes and constants alone


ABSENT = Value((), 0)  # an optional input that is left out
Inputs = Sequence[Value]
Rule = Callable[[Node, Inputs], list[Value]]


def odd(node: Node, what: str = "inputs or attributes") -> Refused:
    """The refusal of a node."""
    return Refused(f"its operator {node.op} has {what} that ONNX does not allow or npckit does not read")


def need(ok: bool, node: Node, what: str = "inputs or attributes") -> None:
    """Raise the refusal of a node unless `ok`."""
    if not ok:
        raise odd(node, what)


def known_ints(node: Node, value: Value) -> list[int]:
    """A list of sizes or axes that must follow from shapes and constants alone."""
    need(value.known is not None and len(value.shape) <= 1, node, "a size that depends on the data")
    return np.atleast_1d(value.known).tolist()  # type: ignore[arg-type]  # known, by the line above


def one_axis(node: Node, axis: int, rank: int) -> int:
    """An axis counted from the front."""
    need(-rank <= axis < rank, node, "an axis")
    return axis % rank


def optional(ins: Inputs, at: int) -> Value:
    """Input number `at`, or ABSENT."""
    return ins[at] if at < len(ins) else ABSENT


def axes_of(node: Node, ins: Inputs, rank: int) -> list[int] | None:
    """The axes of an attribute or of input 1, sorted from the front; None where neither is given."""
    given = optional(ins, 1)
    axes = node.attributes.get("axes") if given is ABSENT else known_ints(node, given)
    if axes is None:
        return None
    need(len({one_axis(node, axis, rank) for axis in axes}) == len(axes), node, "axes")
    return sorted(axis % rank for axis in axes)


def _same(node: Node, ins: Inputs) -> list[Value]:
    return [ins[0]._replace(known=ins[0].known if node.op == "Identity" else None)]


def broadcast(*shapes: Shape) -> Shape:
    """The common shape, or a ValueError."""
    return np.broadcast_shapes(*shapes)


_COMPARISONS = ["Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "And", "Or"]
_FOLD: dict[str, Callable[..., Any]] = {
    "Add": np.add,
    "Sub": np.subtract,
    "Mul": np.multiply,
    "Div": np.floor_divide,
    "Equal": np.equal,
    "Where": np.where,
}


def _elementwise(node: Node, ins: Inputs) -> list[Value]:
    dtype = BOOL if node.op in _COMPARISONS else ins[1 if node.op == "Where" else 0].dtype
    if node.op == "Div" and dtype not in (FLOAT, DOUBLE):
        divisors = known_ints(node, ins[1])
        # The processor traps on these, and takes the game with it.
        need(0 not in divisors and -1 not in divisors, node, "a divisor")
    return [Value(broadcast(*(value.shape for value in ins)), dtype, _folded(node, ins))]


def _folded(node: Node, ins: Inputs) -> NDArray[np.int64] | None:
    known = [value.known for value in ins]
    if node.op not in _FOLD or any(k is None or k.size > SMALL for k in known):
        return None
    if node.op == "Div" and any((k < 0).any() for k in known if k is not None):
        return None  # ONNX rounds towards zero, NumPy down
    with np.errstate(all="ignore"):
        result = np.asarray(_FOLD[node.op](*known), np.int64)
    return result if result.size <= SMALL else None


def _cast(node: Node, ins: Inputs) -> list[Value]:
    dtype, known = node.attributes["to"], ins[0].known
    need(dtype in DTYPES, node, "a data type")
    keep = known if dtype == INT64 else None if known is None or dtype != BOOL else (known != 0).astype(np.int64)
    return [Value(ins[0].shape, dtype, keep)]


def _dropout(node: Node, ins: Inputs) -> list[Value]:
    need(optional(ins, 2) is ABSENT, node, "a training mode")
    return [ins[0], Value(ins[0].shape, BOOL)]


def _constant(node: Node, _: Inputs) -> list[Value]:
    ((name, value),) = node.attributes.items()
    if name == "value" and isinstance(value, Tensor):
        return [Value(value.dims, value.dtype, value.values)]
    need(name in ("value_int", "value_ints", "value_float", "value_floats"), node)
    shape = (len(value),) if name.endswith("s") else ()
    if "float" in name:
        return [Value(shape, FLOAT)]
    return [Value(shape, INT64, np.array(value, np.int64) if math.prod(shape) <= SMALL else None)]


def _constant_of_shape(node: Node, ins: Inputs) -> list[Value]:
    fill = node.attributes.get("value", Tensor(FLOAT, (1,), None))
    shape = tuple(known_ints(node, ins[0]))
    need(fill.dims in ((), (1,)) and all(size > 0 for size in shape), node)
    small = fill.values is not None and math.prod(shape) <= SMALL
    return [Value(shape, fill.dtype, np.full(shape, fill.values.reshape(())) if small else None)]


def _shape(node: Node, ins: Inputs) -> list[Value]:
    part = ins[0].shape[slice(node.attributes.get("start", 0), node.attributes.get("end"))]
    return [Value((len(part),), INT64, np.array(part, np.int64))]


def _reshape(node: Node, ins: Inputs) -> list[Value]:
    old, new = ins[0].shape, known_ints(node, ins[1])
    if not node.attributes.get("allowzero", 0):
        new = [size or old[at] for at, size in enumerate(new)]
    need(all(size >= -1 for size in new) and new.count(-1) <= 1, node)
    if -1 in new:
        rest = math.prod(size for size in new if size != -1)
        new[new.index(-1)] = math.prod(old) // rest if rest else 0
    need(math.prod(new) == math.prod(old), node, "sizes")
    known = ins[0].known
    return [Value(tuple(new), ins[0].dtype, None if known is None else known.reshape(new))]


def _flatten(node: Node, ins: Inputs) -> list[Value]:
    shape, axis = ins[0].shape, node.attributes.get("axis", 1)
    at = axis if axis == len(shape) else one_axis(node, axis, len(shape))
    return [Value((math.prod(shape[:at]), math.prod(shape[at:])), ins[0].dtype)]


def _transpose(node: Node, ins: Inputs) -> list[Value]:
    shape = ins[0].shape
    perm = node.attributes.get("perm") or list(range(len(shape)))[::-1]
    need(sorted(perm) == list(range(len(shape))), node)
    return [Value(tuple(shape[at] for at in perm), ins[0].dtype)]


def _concat(node: Node, ins: Inputs) -> list[Value]:
    first = list(ins[0].shape)
    at = one_axis(node, node.attributes["axis"], len(first))
    need(all(value.shape[:at] + value.shape[at + 1 :] == (*first[:at], *first[at + 1 :]) for value in ins), node)
    first[at] = sum(value.shape[at] for value in ins)
    known = [value.known for value in ins if value.known is not None]
    folds = len(known) == len(ins) and len(first) == 1 and first[0] <= SMALL
    return [Value(tuple(first), ins[0].dtype, np.concatenate(known) if folds else None)]


def _split(node: Node, ins: Inputs) -> list[Value]:
    shape, count = ins[0].shape, len(node.outputs)
    at = one_axis(node, node.attributes.get("axis", 0), len(shape))
    if optional(ins, 1) is ABSENT:
        need(node.attributes.get("num_outputs", count) == count, node)
        each = -(-shape[at] // count)
        sizes = [each] * (count - 1) + [shape[at] - each * (count - 1)]
    else:
        sizes = known_ints(node, ins[1])
    need(len(sizes) == count and sum(sizes) == shape[at] and min(sizes) > 0, node, "sizes")
    return [Value((*shape[:at], size, *shape[at + 1 :]), ins[0].dtype) for size in sizes]


_GREATEST = (2**31 - 1, 2**63 - 1)


def _slice(node: Node, ins: Inputs) -> list[Value]:
    shape = ins[0].shape
    starts, ends = known_ints(node, ins[1]), known_ints(node, ins[2])
    axes = known_ints(node, ins[3]) if optional(ins, 3) is not ABSENT else list(range(len(starts)))
    steps = known_ints(node, ins[4]) if optional(ins, 4) is not ABSENT else [1] * len(starts)
    axes = [one_axis(node, axis, len(shape)) for axis in axes]
    need(len(starts) == len(ends) == len(axes) == len(steps) == len(set(axes)) and 0 not in steps, node)
    # Going backwards, onnxruntime begins at 0 where a start lies before it, and reads the greatest end as 0; Python does not.
    backwards = [each for each in zip(starts, ends, axes, steps, strict=True) if each[3] < 0]
    need(all(start >= -shape[at] and end not in _GREATEST for start, end, at, _ in backwards), node, "a backward slice")
    cuts = dict(zip(axes, map(slice, starts, ends, steps), strict=True))
    sizes = tuple(len(range(*cuts.get(at, slice(None)).indices(size))) for at, size in enumerate(shape))
    known = ins[0].known
    whole = known is not None and len(shape) == 1
    return [Value(sizes, ins[0].dtype, known[cuts.get(0, slice(None))] if known is not None and whole else None)]


def _gather(node: Node, ins: Inputs) -> list[Value]:
    data, indices = ins[0], ins[1]
    at = one_axis(node, node.attributes.get("axis", 0), len(data.shape))
    folds = data.known is not None and indices.known is not None and len(data.shape) == 1
    known = np.asarray(data.known[indices.known]) if folds else None  # type: ignore[index]  # known, by the line above
    return [Value(data.shape[:at] + indices.shape + data.shape[at + 1 :], data.dtype, known)]


def _squeeze(node: Node, ins: Inputs) -> list[Value]:
    shape = ins[0].shape
    axes = axes_of(node, ins, len(shape))
    axes = axes or [at for at, size in enumerate(shape) if size == 1]  # onnxruntime takes an empty list for none
    need(all(shape[at] == 1 for at in axes), node, "axes")
    return [_reshaped(ins[0], tuple(size for at, size in enumerate(shape) if at not in axes))]


def _unsqueeze(node: Node, ins: Inputs) -> list[Value]:
    rank = len(ins[0].shape) + len(known_ints(node, ins[1]))
    axes, sizes = axes_of(node, ins, rank) or [], iter(ins[0].shape)
    return [_reshaped(ins[0], tuple(1 if at in axes else next(sizes) for at in range(rank)))]


def _reshaped(value: Value, shape: Shape) -> Value:
    return Value(shape, value.dtype, None if value.known is None else value.known.reshape(shape))


def _expand(node: Node, ins: Inputs) -> list[Value]:
    return [Value(broadcast(ins[0].shape, tuple(known_ints(node, ins[1]))), ins[0].dtype)]


def _reduce(node: Node, ins: Inputs) -> list[Value]:
    shape = ins[0].shape
    axes = axes_of(node, ins, len(shape))
    if not axes and node.attributes.get("noop_with_empty_axes", 0):
        return [Value(shape, ins[0].dtype)]
    keep = node.attributes.get("keepdims", 1)
    gone = set(axes or range(len(shape)))
    sizes = [1 if at in gone else size for at, size in enumerate(shape) if keep or at not in gone]
    return [Value(tuple(sizes), ins[0].dtype)]


_ELEMENTWISE = ["Add", "Sub", "Mul", "Div", "Pow", "Min", "Max", "PRelu", "Where", *_COMPARISONS]
_SAME = ["Identity", "Not", "Clip", "Softmax", "LogSoftmax", "Sqrt", "Neg", "Abs", "Exp", "Log", "Erf", "Reciprocal"]
_ACTIVATIONS = ["Relu", "LeakyRelu", "Elu", "Selu", "Celu", "Gelu", "Softplus", "Softsign", "HardSigmoid", "HardSwish"]
_REDUCTIONS = ["ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin", "ReduceL2", "ReduceSumSquare", "ReduceLogSumExp"]

SHAPE_RULES: dict[str, Rule] = {
    **dict.fromkeys([*_SAME, *_ACTIVATIONS, "Mish", "Sigmoid", "Tanh"], _same),
    **dict.fromkeys(_ELEMENTWISE, _elementwise),
    **dict.fromkeys(_REDUCTIONS, _reduce),
    "Cast": _cast,
    "Concat": _concat,
    "Constant": _constant,
    "ConstantOfShape": _constant_of_shape,
    "Dropout": _dropout,
    "Expand": _expand,
    "Flatten": _flatten,
    "Gather": _gather,
    "Reshape": _reshape,
    "Shape": _shape,
    "Slice": _slice,
    "Split": _split,
    "Squeeze": _squeeze,
    "Transpose": _transpose,
    "Unsqueeze": _unsqueeze,
}
