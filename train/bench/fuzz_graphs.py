"""Valid ONNX models that mean harm: what a graph must not have, sizes from nothing, two readings of one file.

Each maker takes a random generator and gives a model whose graph also does what its card says, so that only the harm is refused.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
from onnx import ModelProto, SparseTensorProto, StringStringEntryProto, TensorProto, defs, helper, numpy_helper

from ...agents.card import Card, Observation, Part
from ...agents.onnx_bounds import RULES
from ...agents.policy_file import with_card
from .fuzz_bytes import TEXTS, WILD

OPSET = 20
Maker = Callable[[random.Random], "ModelProto | bytes"]
node = helper.make_node
value = helper.make_tensor_value_info
CARD = Card(
    npckit="0",
    game="fuzzed",
    rules_version=1,
    role="paddle",
    observation=Observation(
        kind="features", parts=(Part(name="obs", frame_shape=(3,), dtype="float32", low=-1, high=1),)
    ),
    actions=("stay", "up", "down"),
    decision_ticks=1,
    tick_rate=60,
    output="logits",
)


def model(
    nodes: list[Any], constants: dict[str, Any] | None = None, opsets: Any = (("", OPSET),), functions: Any = ()
) -> ModelProto:
    """Nodes beside a Relu from obs (n, 3) to logits (n, 3)."""
    tensors = [numpy_helper.from_array(np.asarray(array), name) for name, array in (constants or {}).items()]
    ends = [value("obs", TensorProto.FLOAT, ["batch", 3])], [value("logits", TensorProto.FLOAT, ["batch", 3])]
    graph = helper.make_graph([*nodes, node("Relu", ["obs"], ["logits"])], "policy", *ends, tensors)
    imports = [helper.make_opsetid(*opset) for opset in opsets]
    return helper.make_model(graph, ir_version=10, opset_imports=imports, functions=functions)


def finished(made: ModelProto | bytes) -> bytes:
    """The file of a made model, with a card unless it brings its own."""
    if isinstance(made, bytes):
        return made
    if any(entry.key == "npckit" for entry in made.metadata_props):
        return made.SerializeToString()
    return made.SerializeToString() + with_card(b"", CARD)


def loop(rng: random.Random) -> ModelProto:
    """Runs for ever."""
    flag, turn = value("go", TensorProto.BOOL, []), value("turn", TensorProto.INT64, [])
    body = helper.make_graph(
        [node("Identity", ["go"], ["on"])], "body", [turn, flag], [value("on", TensorProto.BOOL, [])]
    )
    return model([node("Loop", ["", "yes"], [], body=body)], {"yes": np.array(True)})


def branches(rng: random.Random) -> ModelProto:
    """Graphs in graphs, some deep."""
    out = value("x", TensorProto.FLOAT, ["n", 3])
    body = helper.make_graph([node("Relu", ["obs"], ["x"])], "body", [], [out])
    for _ in range(rng.choice([0, 1, 20])):
        inner = node("If", ["yes"], ["x"], then_branch=body, else_branch=body if rng.random() < 0.1 else _leaf(out))
        body = helper.make_graph([inner], "body", [], [out])
    ops: dict[str, dict[str, Any]] = {
        "If": {"then_branch": body, "else_branch": body},
        "Scan": {"body": body, "num_scan_inputs": 1},
        "SequenceMap": {"body": body},
    }
    op = rng.choice(sorted(ops))
    return model([node(op, ["yes"], ["y"], **ops[op])], {"yes": np.array(True)})


def _leaf(out: Any) -> Any:
    return helper.make_graph([node("Relu", ["obs"], ["x"])], "leaf", [], [out])


def function(rng: random.Random) -> ModelProto:
    """Functions that call themselves."""
    inner = [node("F", ["x"], ["y"], domain="own")]
    made = helper.make_function("own", "F", ["x"], ["y"], inner, [helper.make_opsetid("", OPSET)])
    return model([], functions=[made])


def external(rng: random.Random) -> ModelProto:
    """Weights in another file of the machine."""
    made = model([], {"w": np.zeros(3, np.float32)})
    location = rng.choice(["/etc/passwd", "../../secret", "/dev/zero"])
    made.graph.initializer[0].external_data.append(StringStringEntryProto(key="location", value=location))
    made.graph.initializer[0].data_location = TensorProto.EXTERNAL
    return made


def sparse(rng: random.Random) -> ModelProto:
    """A tensor of few numbers and any size."""
    made = model([])
    numbers = numpy_helper.from_array(np.ones(1, np.float32), "w")
    places = numpy_helper.from_array(np.zeros(1, np.int64), "places")
    made.graph.sparse_initializer.append(
        SparseTensorProto(values=numbers, indices=places, dims=[2 ** rng.randint(1, 62)])
    )
    return made


def foreign(rng: random.Random) -> ModelProto:
    """Operators of others."""
    domain = rng.choice(["com.microsoft", "com.microsoft.nchwc", "ai.onnx.ml", "ai.onnx.training", "own"])
    op = rng.choice(["Gelu", "FusedMatMul", "Attention", "TreeEnsembleRegressor", "Inverse"])
    return model([node(op, ["obs"], ["x"], domain=domain)], opsets=[("", OPSET), (domain, 1)])


def forbidden(rng: random.Random) -> ModelProto:
    """Any operator of ONNX that is not on the list, with plausible inputs."""
    schemas = [each for each in defs.get_all_schemas() if each.domain == "" and each.name not in RULES]
    schema = rng.choice(sorted(schemas, key=lambda each: each.name))
    constants = {"i": np.array([rng.choice(WILD) for _ in range(rng.randint(0, 4))], np.int64), "s": np.array("text")}
    inputs = [rng.choice(["obs", "obs", *constants]) for _ in range(schema.min_input)]
    given = {name: attribute(each.type, rng) for name, each in schema.attributes.items() if each.required}
    outputs = [f"y{at}" for at in range(max(1, schema.min_output))]
    given = {name: each for name, each in given.items() if each is not None}
    return model([node(schema.name, inputs, outputs, **given)], constants)


def attribute(kind: Any, rng: random.Random) -> Any:
    """A value of an attribute's type, mostly an odd one; None where there is none."""
    kinds, small = defs.OpSchema.AttrType, rng.choice([WILD, [0, 1, 2, 3]])
    if kind == kinds.INT:
        return rng.choice(small)
    if kind == kinds.INTS:
        return [rng.choice(small) for _ in range(rng.randint(1, 5))]
    if kind == kinds.FLOAT:
        return rng.choice([0.0, -1.0, 1e30, float("nan")])
    if kind == kinds.STRING:
        return rng.choice(["NOTSET", "VALID", "SAME_UPPER", "bidirectional", "reverse", "", "x" * 100])
    if kind == kinds.TENSOR:
        return numpy_helper.from_array(np.array([rng.choice(WILD)], np.int64))
    return None


def header(rng: random.Random) -> ModelProto:
    """Versions, domains and the declared ends of the graph are odd."""
    made = model([], opsets=rng.choice([[("", rng.choice([*WILD, 7, 13, 25, 26]))], [], [("", 18), ("ai.onnx", 7)]]))
    made.ir_version = rng.choice([*WILD, 3, 9, 13, 14])
    made.producer_name = rng.choice(["ORTM" + "x" * 90, *TEXTS])
    end = rng.choice([made.graph.input, made.graph.output, made.graph.value_info])
    dims: list[Any] = [rng.choice([*WILD, "batch", "batch", None, 3, 3]) for _ in range(rng.randint(0, 9))]
    kind = rng.choice([TensorProto.FLOAT, *TensorProto.DataType.values()])
    name = rng.choice(["obs", "logits", "other", "", *TEXTS])
    made_value = (
        value(name, kind, dims) if rng.random() < 0.8 else helper.make_tensor_sequence_value_info(name, kind, dims)
    )
    if len(end) and rng.random() < 0.6:
        end[0].CopyFrom(made_value)
    else:
        end.append(made_value)
    return made


def names(rng: random.Random) -> ModelProto:
    """Cycles, names defined twice, used too early, left out, of odd letters, or very many."""
    pool = ["obs", "logits", "a", "b", "", *TEXTS[2:7]]
    nodes = []
    for _ in range(rng.choice([1, 2, 3, 600])):
        nodes.append(
            node(rng.choice(["Relu", "Add", "Identity", rng.choice(TEXTS)]), [rng.choice(pool)], [rng.choice(pool)])
        )
    return model(nodes, {name: np.zeros(3, np.float32) for name in rng.sample(pool, 2)})


def odd_tensor(rng: random.Random) -> ModelProto:
    """Sizes, types and data of a tensor that do not belong together."""
    made = model([])
    kind = rng.choice(list(TensorProto.DataType.values()))
    dims = [rng.choice(WILD) for _ in range(rng.choice([0, 1, 2, 4, 9, 3000]))]
    data = b"\0" * rng.choice([0, 1, 8, 1000])
    tensor = TensorProto(name="w", data_type=kind, dims=[max(each, -(2**63)) for each in dims], raw_data=data)
    tensor.int32_data.extend([rng.choice(WILD[1:-4])] * rng.choice([0, 0, 1]))
    tensor.string_data.extend([b"text"] * rng.choice([0, 0, 1]))
    made.graph.initializer.append(tensor)
    return made


def deceit(rng: random.Random) -> bytes:
    """Two readings of one file: merged messages, another format."""
    first, second = model([]), loop(rng)
    data, card = first.SerializeToString(), with_card(b"", CARD)
    first.producer_name = "ORTM" + "x" * 90
    return rng.choice([data + second.SerializeToString() + card, first.SerializeToString() + card, card + card + data])


def many(rng: random.Random) -> ModelProto:
    """Very many of one thing: fields, texts, attributes, outputs, inputs of the graph, notes on values."""
    made, count = model([]), rng.choice([100, 3000, 30_000])
    kind = rng.randrange(6)
    if kind == 0:
        made.metadata_props.extend(
            StringStringEntryProto(key=str(at), value="☃" * (10**6 // count)) for at in range(count)
        )
    elif kind == 1:
        made.graph.node[0].attribute.extend(helper.make_attribute(f"a{at}", at) for at in range(count))
    elif kind == 2:
        made.graph.node.insert(0, node("Split", ["obs"], [f"y{at}" for at in range(count)], axis=1, num_outputs=count))
    elif kind == 3:
        rng.choice([made.graph.input, made.graph.output]).extend(
            value(f"x{at}", TensorProto.FLOAT, ["batch", 3]) for at in range(count)
        )
    elif kind == 4:
        made.graph.value_info.extend(value(f"x{at}", TensorProto.FLOAT, ["batch", 3]) for at in range(count))
    else:
        made.graph.node.insert(0, node("Max", ["obs"] * count, ["x"]))
    return made


HARMS: list[Maker] = [
    loop, branches, function, external, sparse, foreign, forbidden, forbidden, header, header, header, names, names, odd_tensor,
    odd_tensor, deceit, many,
]  # fmt: skip
