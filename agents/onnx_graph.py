"""A decoded ONNX model as plain records, checked for everything but the sizes (onnx_bounds.py does those)."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .onnx_wire import Refused

DTYPES = {1: "<f4", 2: "u1", 6: "<i4", 7: "<i8", 9: "u1", 11: "<f8"}  # TensorProto.DataType: as it lies in raw_data
FLOAT, UINT8, INT32, INT64, BOOL, DOUBLE = DTYPES
_LISTS = {1: "float_data", 2: "int32_data", 6: "int32_data", 7: "int64_data", 9: "int32_data", 11: "double_data"}
_ATTRIBUTE_FIELDS = {1: "f", 2: "i", 3: "s", 4: "t", 6: "floats", 7: "ints", 8: "strings"}
_ABSENT = {1: 0.0, 2: 0}  # a singular value left out is protobuf's default
IR_VERSIONS = range(4, 14)
OPSETS = range(13, 26)
MAX_NODES = 2000
MAX_TENSORS = 4000
MAX_FAN = 512  # inputs, or outputs, of one node
MAX_LINKS = 20_000  # inputs and outputs of all nodes: onnxruntime's time to open a file rises faster than their number
MAX_ENDS = 64  # inputs, or outputs, of the graph
MAX_RANK = 8
MAX_ELEMENTS = 2**26  # of one tensor
SMALL = 64  # elements of a shape-like constant whose values are followed


@dataclass(frozen=True)
class Tensor:
    """A constant: its values only where they are few whole numbers (shapes, axes, indices)."""

    dtype: int
    dims: tuple[int, ...]
    values: NDArray[np.int64] | None


@dataclass(frozen=True)
class Node:
    op: str
    inputs: tuple[str, ...]  # "" where an optional one is left out
    outputs: tuple[str, ...]
    attributes: dict[str, Any]


@dataclass(frozen=True)
class Graph:
    opset: int
    nodes: tuple[Node, ...]
    constants: dict[str, Tensor]
    inputs: dict[str, tuple[int, tuple[int, ...]]]  # name: (dtype, dims after the batch axis)
    outputs: tuple[str, ...]
    metadata: dict[str, str]


def build(model: dict[str, Any]) -> Graph:
    """The graph of a decoded model. Raises Refused for whatever a plain policy does not need."""
    if model.get("ir_version") not in IR_VERSIONS or "graph" not in model:
        raise Refused(f"it is no ONNX model of IR version {IR_VERSIONS[0]} to {IR_VERSIONS[-1]}")
    graph = model["graph"]
    if len(graph["node"]) > MAX_NODES or len(graph["initializer"]) > MAX_TENSORS:
        raise Refused(f"it has over {MAX_NODES} nodes or {MAX_TENSORS} tensors")
    if len(graph["input"]) > MAX_ENDS or len(graph["output"]) > MAX_ENDS or len(graph["value_info"]) > MAX_LINKS:
        raise Refused(f"it has over {MAX_ENDS} inputs or outputs, or {MAX_LINKS} notes on values")
    if sum(len(node["input"]) + len(node["output"]) for node in graph["node"]) > MAX_LINKS:
        raise Refused(f"its nodes have over {MAX_LINKS} inputs and outputs")
    for value in graph["value_info"]:
        _declared(value)
    constants = {t.get("name", ""): tensor(t) for t in graph["initializer"]}
    inputs = {value.get("name", ""): _input(value) for value in graph["input"]}
    outputs = tuple(_declared(value)[0] for value in graph["output"])
    nodes = tuple(_node(node) for node in graph["node"])
    _check_names(graph, nodes, outputs)
    return Graph(_opset(model), nodes, constants, inputs, outputs, _metadata(model))


def _opset(model: dict[str, Any]) -> int:
    imports = [(entry.get("domain", ""), entry.get("version", 0)) for entry in model["opset_import"]]
    if len(imports) != 1 or imports[0][0] not in ("", "ai.onnx"):
        raise Refused("it must import one operator set, that of ONNX itself, and no other domain")
    if imports[0][1] not in OPSETS:
        raise Refused(f"its operator set is {imports[0][1]}; {OPSETS[0]} to {OPSETS[-1]} are read")
    return int(imports[0][1])


def _metadata(model: dict[str, Any]) -> dict[str, str]:
    pairs = [(entry.get("key", ""), entry.get("value", "")) for entry in model["metadata_props"]]
    if len(dict(pairs)) < len(pairs):
        raise Refused("its metadata repeats a key")
    return dict(pairs)


def _check_names(graph: dict[str, Any], nodes: tuple[Node, ...], outputs: tuple[str, ...]) -> None:
    """Every value is defined once and before it is used."""
    defined: set[str] = set()
    sources = [value.get("name", "") for value in (*graph["initializer"], *graph["input"])]
    for node in (Node("", (), tuple(sources), {}), *nodes, Node("", outputs, (), {})):
        for name in node.inputs:
            if name and name not in defined:
                raise Refused(f"its value {name[:80]!r} is used before it is defined")
        for name in node.outputs:
            if name in defined or (not name and not node.op):
                raise Refused(f"its value {name[:80]!r} is defined twice, or has no name")
            defined |= {name} - {""}
    if len(set(outputs)) < len(outputs) or "" in outputs:
        raise Refused("it repeats an output")


def _declared(value: dict[str, Any]) -> tuple[str, int, list[dict[str, Any]]]:
    """Name, dtype and dimensions of a graph input, output or value; a tensor of a plain dtype, whatever it is for."""
    kind = value.get("type", {}).get("tensor_type")
    if kind is None or kind.get("elem_type") not in DTYPES:
        raise Refused(f"its value {value.get('name', '')[:80]!r} is not a tensor of plain numbers")
    dims = kind.get("shape", {"dim": []})["dim"]
    odd = any(
        not 0 <= dim.get("dim_value", 1) <= MAX_ELEMENTS or {"dim_value", "dim_param"} <= dim.keys() for dim in dims
    )
    if len(dims) > MAX_RANK or odd:
        raise Refused(f"its value {value.get('name', '')[:80]!r} has over {MAX_RANK} axes, or an odd size")
    return value.get("name", ""), kind["elem_type"], dims


def _input(value: dict[str, Any]) -> tuple[int, tuple[int, ...]]:
    name, dtype, dims = _declared(value)
    sizes = tuple(dim.get("dim_value", 0) for dim in dims)
    if not sizes or sizes[0] or 0 in sizes[1:]:
        raise Refused(f"its input {name[:80]!r} must have a free batch axis first and fixed sizes after it")
    return dtype, sizes[1:]


def _node(raw: dict[str, Any]) -> Node:
    if raw.get("domain", "") not in ("", "ai.onnx"):
        raise Refused(f"it uses an operator of the foreign domain {raw['domain'][:80]!r}")
    if max(len(raw["input"]), len(raw["output"])) > MAX_FAN:
        raise Refused(f"a node of it has over {MAX_FAN} inputs or outputs")
    attributes = {a.get("name", ""): _attribute(a) for a in raw["attribute"]}
    if len(attributes) < len(raw["attribute"]):
        raise Refused("a node of it repeats an attribute")
    return Node(raw.get("op_type", ""), tuple(raw["input"]), tuple(raw["output"]), attributes)


def _attribute(raw: dict[str, Any]) -> Any:
    kind = raw.get("type")
    field = _ATTRIBUTE_FIELDS.get(kind)  # type: ignore[arg-type]  # an absent type is no key
    given = {name for name in _ATTRIBUTE_FIELDS.values() if raw.get(name) not in (None, [])}
    if field is None or given - {field}:
        raise Refused(f"its attribute {raw.get('name', '')[:80]!r} is of a type no policy needs, or of two")
    if field == "t":
        return tensor(raw.get("t", {}))
    if field in ("s", "strings"):
        # A copy, for a view would keep the whole file in memory.
        return bytes(raw.get("s", b"")) if field == "s" else [bytes(text) for text in raw["strings"]]
    return raw.get(field, _ABSENT.get(kind))  # type: ignore[arg-type]  # a known type, by the lines above


def tensor(raw: dict[str, Any]) -> Tensor:
    """Check a TensorProto: a plain dtype, and exactly as much data as its sizes say."""
    dtype, dims = raw.get("data_type", 0), tuple(raw.get("dims", ()))
    name = raw.get("name", "")[:80]
    if dtype not in DTYPES:
        raise Refused(f"its tensor {name!r} has the data type {dtype}, which no policy needs")
    if 0 in dims and dims != (0,):
        raise Refused(f"its tensor {name!r} is empty")
    # The sizes first: the product of many large numbers takes minutes.
    sound = len(dims) <= MAX_RANK and all(0 <= size <= MAX_ELEMENTS for size in dims)
    count = math.prod(dims) if sound else 0
    if not sound or count > MAX_ELEMENTS:
        raise Refused(f"its tensor {name!r} has over {MAX_RANK} axes or {MAX_ELEMENTS} elements")
    data = _data(raw, dtype)
    if len(data) != count:
        raise Refused(f"its tensor {name!r} holds {len(data)} numbers and says {count}")
    if dtype == BOOL and count and np.max(data) > 1:
        raise Refused(f"its tensor {name!r} holds truth values other than 0 and 1")
    follow = count <= SMALL and dtype in (INT64, BOOL)
    return Tensor(dtype, dims, np.array(data, np.int64).reshape(dims) if follow else None)


def _data(raw: dict[str, Any], dtype: int) -> Any:
    lists = {name: raw[name] for name in set(_LISTS.values()) if raw.get(name)}
    if "raw_data" in raw:
        if lists or len(raw["raw_data"]) % np.dtype(DTYPES[dtype]).itemsize:
            raise Refused("a tensor of it is stored in two ways, or cut short")
        return np.frombuffer(raw["raw_data"], DTYPES[dtype])
    if set(lists) - {_LISTS[dtype]}:
        raise Refused("a tensor of it is stored as another data type")
    data = lists.get(_LISTS[dtype], [])
    limits = np.iinfo(DTYPES[dtype]) if dtype not in (FLOAT, DOUBLE) else None
    if limits and any(not limits.min <= number <= limits.max for number in data):
        raise Refused("a tensor of it holds numbers that its data type cannot")
    return data
