"""The attributes that each allowed operator may carry, and their types: those whose effect on sizes and time is known.

What is left out is refused, whatever onnxruntime would make of it: an LSTM's `activations`, `clip` and `input_forget`.
Source: the operator documents of ONNX, opsets 13 to 25.
"""

from typing import Any

from .onnx_graph import Node, Tensor
from .onnx_wire import Refused

_TYPES = {"b": int, "i": int, "f": float, "s": bytes, "t": Tensor}  # b is 0 or 1; "is" and "fs" are lists
_WINDOW = "auto_pad:s ceil_mode:b dilations:is kernel_shape:is pads:is strides:is"
_REDUCE = "axes:is keepdims:b noop_with_empty_axes:b"
_REDUCTIONS = ["ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin", "ReduceL2", "ReduceSumSquare", "ReduceLogSumExp"]
_TABLE = {
    **dict.fromkeys(_REDUCTIONS, _REDUCE),
    **dict.fromkeys(["Concat", "Flatten", "Gather", "LogSoftmax", "Softmax"], "axis:i"),
    **dict.fromkeys(["Celu", "Elu", "LeakyRelu"], "alpha:f"),
    "AveragePool": f"{_WINDOW} count_include_pad:b",
    "BatchNormalization": "epsilon:f momentum:f training_mode:b",
    "Cast": "to:i saturate:b",
    "Constant": "value:t value_int:i value_ints:is value_float:f value_floats:fs",
    "ConstantOfShape": "value:t",
    "Conv": "auto_pad:s dilations:is group:i kernel_shape:is pads:is strides:is",
    "Dropout": "seed:i",
    "GRU": "direction:s hidden_size:i layout:b linear_before_reset:b",
    "Gelu": "approximate:s",
    "Gemm": "alpha:f beta:f transA:b transB:b",
    "HardSigmoid": "alpha:f beta:f",
    "LSTM": "direction:s hidden_size:i layout:b",
    "LayerNormalization": "axis:i epsilon:f stash_type:i",
    "MaxPool": f"{_WINDOW} storage_order:b",
    "Reshape": "allowzero:b",
    "Selu": "alpha:f gamma:f",
    "Shape": "start:i end:i",
    "Split": "axis:i num_outputs:i",
    "Transpose": "perm:is",
}
ATTRIBUTES = {op: dict(each.split(":") for each in told.split()) for op, told in _TABLE.items()}


def check_attributes(node: Node) -> None:
    """Raises Refused where a node has an attribute that is not in the table, or of another type."""
    known = ATTRIBUTES.get(node.op, {})
    for name, value in node.attributes.items():
        if name not in known or not _is_a(value, known[name]):
            raise Refused(
                f"its operator {node.op} has the attribute {name[:80]!r}, or a type of it, that no policy needs"
            )


def _is_a(value: Any, kind: str) -> bool:
    """
    >>> _is_a([1, 2], "is"), _is_a(1.0, "i")
    (True, False)
    """
    if len(kind) == 2:
        return isinstance(value, list) and all(type(each) is _TYPES[kind[0]] for each in value)
    return type(value) is _TYPES[kind] and (kind != "b" or value in (0, 1))  # what 2 means, kernels do not agree on
