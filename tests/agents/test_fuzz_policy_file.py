"""Whatever bytes a policy file holds, it loads or is refused in a sentence: no crash, no hang, no flood of memory.

The files are opened in a process of their own, because what this test looks for would take pytest with it. Run alone,
`python test_fuzz_policy_file.py FOLDER SEED COUNT` does the same for other seeds.
"""

from __future__ import annotations

import itertools
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from npckit.agents.card import Card
from npckit.agents.onnx_bounds import RULES
from npckit.agents.policy_file import PolicyFile, with_card
from npckit.errors import UserError
from onnx import ModelProto, StringStringEntryProto, TensorProto, defs, helper, numpy_helper

COUNT = 400  # of mutated files, and of hostile graphs
SECONDS = 10  # for one file
MEMORY = 300 * 2**20  # bytes by which the process may grow
WILD = [-(2**63), -(2**31), -1000, -2, -1, 0, 1, 2, 3, 4, 5, 7, 8, 64, 1000, 2**16, 2**24, 2**31, 2**40, 2**63 - 1]
SOUP_OPSET = 20
node = helper.make_node


def test_no_file_crashes_hangs_or_eats_memory(make_policy: Any, tmp_path: Path) -> None:
    folder = make_policy(recurrent=True).rename(tmp_path / "recurrent.onnx").parent
    make_policy().rename(folder / "plain.onnx")
    run = [sys.executable, __file__, str(folder), "0", str(COUNT)]
    done = subprocess.run(run, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, f"after the file: {done.stdout[-300:]}\n{done.stderr[-3000:]}"
    loaded, refused = (int(word) for word in done.stdout.splitlines()[-1].split())
    assert loaded + refused == 2 * COUNT
    assert loaded > COUNT // 20  # enough pass the guard to try what lies behind it


# --- graphs that mean harm ------------------------------------------------------------------------------------------


def _model(
    nodes: list[Any], constants: dict[str, Any] | None = None, opsets: Any = (("", 18),), functions: Any = ()
) -> ModelProto:
    """Nodes beside a Relu from obs (n, 3) to logits (n, 3)."""
    tensors = [numpy_helper.from_array(np.asarray(array), name) for name, array in (constants or {}).items()]
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        [*nodes, node("Relu", ["obs"], ["logits"])],
        "policy",
        [value("obs", TensorProto.FLOAT, ["batch", 3])],
        [value("logits", TensorProto.FLOAT, ["batch", 3])],
        tensors,
    )
    imports = [helper.make_opsetid(*opset) for opset in opsets]
    return helper.make_model(graph, ir_version=10, opset_imports=imports, functions=functions)


def _loop(rng: random.Random) -> ModelProto:
    flag = helper.make_tensor_value_info("go", TensorProto.BOOL, [])
    turn = helper.make_tensor_value_info("turn", TensorProto.INT64, [])
    body = helper.make_graph([node("Identity", ["go"], ["on"])], "body", [turn, flag], [flag])
    body.output[0].name = "on"
    return _model([node("Loop", ["", "yes"], [], body=body)], {"yes": np.array(True)})


def _branches(rng: random.Random) -> ModelProto:
    out = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3])
    body = helper.make_graph([node("Relu", ["obs"], ["x"])], "body", [], [out])
    ops: dict[str, dict[str, Any]] = {
        "If": {"then_branch": body, "else_branch": body},
        "Scan": {"body": body, "num_scan_inputs": 1},
    }
    op = rng.choice(sorted(ops))
    return _model([node(op, ["yes"], ["y"], **ops[op])], {"yes": np.array(True)})


def _function(rng: random.Random) -> ModelProto:
    opset = [helper.make_opsetid("", 18)]
    inner = [node("F", ["x"], ["y"], domain="own")]
    return _model([], functions=[helper.make_function("own", "F", ["x"], ["y"], inner, opset)])


def _external(rng: random.Random) -> ModelProto:
    model = _model([], {"w": np.zeros(3, np.float32)})
    location = rng.choice(["/etc/passwd", "../../secret", "/dev/zero"])
    model.graph.initializer[0].external_data.append(StringStringEntryProto(key="location", value=location))
    model.graph.initializer[0].data_location = TensorProto.EXTERNAL
    return model


def _foreign(rng: random.Random) -> ModelProto:
    domain = rng.choice(["com.microsoft", "ai.onnx.ml", "ai.onnx.training", "own"])
    return _model([node("Gelu", ["obs"], ["x"], domain=domain)], opsets=[("", 18), (domain, 1)])


def _bomb(rng: random.Random) -> ModelProto:
    """Sizes from nothing, in one of the ways that ONNX offers."""
    size = [2 ** rng.randint(10, 40), 2 ** rng.randint(0, 30), 3]
    nodes = rng.choice(
        [
            [node("Expand", ["obs", "size"], ["x"])],
            [node("ConstantOfShape", ["size"], ["x"])],
            [node("ConstantOfShape", ["size"], ["y"]), node("ReduceSum", ["y"], ["x"])],
            [node("Tile", ["obs", "size"], ["x"])],
            [node("Range", ["zero", "large", "step"], ["x"])],
            [node("Reshape", ["obs", "size"], ["x"])],
            [node("Unsqueeze", ["obs", "zero1"], ["y"]), node("Expand", ["y", "size"], ["x"])],
        ]
    )
    scalars = {"zero": np.array(0), "large": np.array(2**40), "step": np.array(1), "zero1": np.array([0])}
    return _model(nodes, {"size": np.array(size), **scalars})


def _growth(rng: random.Random) -> ModelProto:
    """A chain whose every step is harmless."""
    length = rng.choice([5, 30, 500, 1999, 5000])
    make: Callable[[str, str], Any] = rng.choice(
        [
            lambda a, b: node("Concat", [a, a], [b], axis=1),
            lambda a, b: node("Concat", [a] * 50, [b], axis=0),
            lambda a, b: node("MatMul", [a, "w"], [b]),
            lambda a, b: node("Mul", [a, a], [b]),
            lambda a, b: node("Unsqueeze", [a, "zero1"], [b]),
            lambda a, b: node("Gather", [a, "many"], [b], axis=1),
            lambda a, b: node("Relu", [a], [b]),
        ]
    )
    constants = {"w": np.eye(3, dtype=np.float32), "zero1": np.array([0]), "many": np.zeros(100, np.int64)}
    return _model([make(f"x{at}" if at else "obs", f"x{at + 1}") for at in range(length)], constants)


def _division(rng: random.Random) -> ModelProto:
    divisor = np.array([rng.choice([0, -1, 1])], rng.choice([np.int64, np.int32]))
    low = np.array([np.iinfo(divisor.dtype).min])
    return _model([node(rng.choice(["Div", "Mod"]), ["a", "b"], ["x"])], {"a": low.astype(divisor.dtype), "b": divisor})


def _batch_bomb(rng: random.Random) -> ModelProto:
    """Small for one row, large for more."""
    nodes = [node("Transpose", ["obs"], ["t"], perm=[1, 0]), node("MatMul", ["obs", "t"], ["x0"])]
    nodes += [
        node("Concat", [f"x{at}"] * 40, [f"x{at + 1}"], axis=rng.randint(0, 1)) for at in range(rng.randint(1, 3))
    ]
    return _model(nodes)


def _odd_tensor(rng: random.Random) -> ModelProto:
    model = _model([])
    kind = rng.choice(list(TensorProto.DataType.values()))
    dims = [rng.choice(WILD) for _ in range(rng.randint(0, 9))]
    tensor = TensorProto(name="w", data_type=kind, dims=dims, raw_data=b"\0" * rng.choice([0, 1, 8, 1000]))
    tensor.int32_data.extend([rng.choice(WILD[3:-3])] * rng.choice([0, 0, 1]))
    model.graph.initializer.append(tensor)
    return model


def _deceit(rng: random.Random) -> bytes:
    """Two readings of one file: merged messages, another format, several imports."""
    first, second = _model([]), _loop(rng)
    data = first.SerializeToString()
    first.producer_name = "ORTM" + "x" * 200
    several = _model([], opsets=[("", 18), ("ai.onnx", 7)])
    return rng.choice([data + second.SerializeToString(), first.SerializeToString(), several.SerializeToString()])


def _odd_card(rng: random.Random) -> bytes:
    model = _model([])
    text = rng.choice(
        ["[" * 10**5, "{}", '{"format": 1e999}', "\ud7ff", '{"format":' + "9" * 10**4 + "}", '{"format": 2}']
    )
    model.metadata_props.append(StringStringEntryProto(key="npckit", value=text))
    return model.SerializeToString()


def _soup(rng: random.Random) -> ModelProto:
    """Operators that the guard allows, wired at random and with wild attributes."""
    values = ["obs", "f", "g", "i", "s", "t"]
    nodes = []
    for at in range(rng.randint(1, 6)):
        schema = defs.get_schema(rng.choice(sorted(RULES)), SOUP_OPSET, "")
        inputs = [rng.choice(values) for _ in range(rng.randint(schema.min_input, min(schema.max_input, 6)))]
        count = rng.randint(schema.min_output, min(max(schema.max_output, 1), 3))
        outputs = [f"y{at}{place}" for place in range(count)]
        given = [name for name, a in schema.attributes.items() if a.required or rng.random() < 0.4]
        attributes = {name: _attribute(schema.attributes[name].type, rng) for name in given}
        nodes.append(node(schema.name, inputs, outputs, **{k: v for k, v in attributes.items() if v is not None}))
        values += outputs
    arrays = np.random.default_rng(rng.getrandbits(32))
    floats = {name: arrays.normal(size=[rng.randint(1, 5) for _ in range(rng.randint(0, 4))]) for name in "fg"}
    wild = {name: np.array([rng.choice(WILD) for _ in range(rng.randint(0, 4))], np.int64) for name in "is"}
    small = {"t": arrays.integers(-1, 4, rng.randint(1, 3))}
    return _model(
        nodes, {name: array.astype(np.float32) for name, array in floats.items()} | wild | small, [("", SOUP_OPSET)]
    )


def _attribute(kind: Any, rng: random.Random) -> Any:
    kinds = defs.OpSchema.AttrType
    small = rng.choice([WILD, [0, 1, 2, 3]])
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


LAYERS = [
    node("Conv", ["image", "kernel"], ["y"], strides=[2, 1], pads=[1, 0, 1, 1], dilations=[1, 1], group=2),
    node("MaxPool", ["image"], ["y"], kernel_shape=[2, 3], strides=[1, 2], pads=[0, 1, 1, 1], dilations=[1, 1]),
    node("AveragePool", ["image"], ["y"], kernel_shape=[2, 3], pads=[0, 1, 1, 1], count_include_pad=0, ceil_mode=0),
    node("BatchNormalization", ["image", *["four"] * 4], ["y"], training_mode=0),
    node("LayerNormalization", ["image", "row"], ["y"], axis=3, stash_type=1),
    node("Gemm", ["a", "b"], ["y"], transA=0, transB=0),
    node("MatMul", ["a", "b"], ["y"]),
    node("LSTM", ["steps", "lw", "lr"], ["y", "h", "c"], hidden_size=3, direction="bidirectional", layout=0),
    node("GRU", ["steps", "gw", "gr"], ["y", "h"], hidden_size=3, linear_before_reset=1),
    node("Slice", ["image", "starts", "ends", "axes", "strides"], ["y"]),
    node("Gather", ["image", "picks"], ["y"], axis=1),
    node("Split", ["image", "parts"], ["y", "z"], axis=1),
    node("Reshape", ["image", "shape"], ["y"], allowzero=0),
    node("Expand", ["row", "shape"], ["y"]),
    node("Transpose", ["image"], ["y"], perm=[3, 0, 2, 1]),
    node("ReduceMean", ["image", "axes"], ["y"], keepdims=0, noop_with_empty_axes=0),
    node("Unsqueeze", ["image", "axes"], ["y"]),
    node("Concat", ["image", "image"], ["y"], axis=2),
    node("Flatten", ["image"], ["y"], axis=2),
]
SHAPES = {
    "image": (2, 4, 9, 7), "kernel": (8, 2, 3, 2), "four": (4,), "row": (7,), "a": (5, 6), "b": (6, 4),
    "steps": (3, 2, 8), "lw": (2, 12, 8), "lr": (2, 12, 3), "gw": (1, 9, 8), "gr": (1, 9, 3),
}  # fmt: skip
LISTS = {"starts": [8, 0], "ends": [-100, 5], "axes": [2, 3], "strides": [-2, 2], "picks": [0, 3, -1], "parts": [1, 3]}
LISTS |= {"shape": [2, 4, 9, 7]}


def _nearly(rng: random.Random) -> ModelProto:
    """A sound layer with one thing about it changed, or none."""
    layer = rng.choice(LAYERS)
    attributes = {a.name: helper.get_attribute_value(a) for a in layer.attribute}
    shapes = {name: list(shape) for name, shape in SHAPES.items()}
    lists = {name: list(values) for name, values in LISTS.items() if name in layer.input}
    numbers = [value for value in (*attributes.values(), *lists.values()) if isinstance(value, list)]
    change, near = rng.randrange(4), rng.choice(WILD)
    if change == 0 and (name := rng.choice([n for n in layer.input if n in shapes] or [""])):
        shapes[name][rng.randrange(len(shapes[name]))] = rng.choice([1, 2, 3, 5, 12])
    elif change == 1 and numbers:
        chosen = rng.choice(numbers)
        chosen[rng.randrange(len(chosen))] = near
    elif change == 2 and attributes:
        name = rng.choice(sorted(attributes))
        attributes[name] = near if isinstance(attributes[name], int) else attributes[name]
    arrays = {name: np.ones(shape, np.float32) for name, shape in shapes.items()}
    arrays |= {name: np.array(values, np.int64) for name, values in lists.items()}
    changed = node(layer.op_type, layer.input, layer.output, **attributes)
    return _model([changed], {name: arrays[name] for name in layer.input})


MAKERS: list[Callable[[random.Random], ModelProto | bytes]] = [
    _loop, _branches, _function, _external, _foreign, _bomb, _growth, _division, _batch_bomb, _odd_tensor, _deceit,
    _odd_card, _soup, _soup, _soup, _soup, _nearly, _nearly, _nearly, _nearly, _nearly, _nearly,
]  # fmt: skip


# --- the process that opens them ------------------------------------------------------------------------------------


def _hostile(rng: random.Random, card: Card, count: int) -> Iterator[tuple[str, bytes]]:
    for at in range(count):
        maker = MAKERS[at % len(MAKERS)]
        made = maker(rng)
        data = made if isinstance(made, bytes) else made.SerializeToString()
        yield f"{maker.__name__} {at}", data if maker is _odd_card else data + with_card(b"", card)


def _mutated(rng: random.Random, seeds: list[bytes], count: int) -> Iterator[tuple[str, bytes]]:
    for at in range(count):
        data = bytearray(rng.choice(seeds))
        for _ in range(rng.choice([1, 1, 2, 8])):
            place, size = rng.randrange(len(data)), rng.randint(1, 12)
            change = rng.randrange(4)
            if change == 0:
                data[place] = rng.randrange(256)
            elif change == 1:
                del data[place : place + size]
            elif change == 2:
                data[place:place] = rng.randbytes(size)
            else:
                data[place:place] = data[: rng.randrange(len(data))]
        yield f"mutated {at}", bytes(data)


def _memory() -> int:
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _open(data: bytes, name: str) -> str:
    """Load and run a file; why it was refused, or nothing."""
    try:
        policy = PolicyFile(data, Path(name))
        for rows in (3, 17):
            obs = {part.name: np.ones((rows, *part.frame_shape), part.dtype) for part in policy.card.observation.parts}
            policy.run(obs)
    except UserError as error:
        return str(error) or "no reason"
    return ""


def main(folder: str, seed: str, count: str) -> None:
    rng = random.Random(int(seed))
    seeds = [path.read_bytes() for path in sorted(Path(folder).glob("*.onnx"))]
    card = PolicyFile.load(Path(folder) / "plain.onnx").card
    before, loaded, refused = _memory(), 0, 0
    files = itertools.chain(_hostile(rng, card, int(count)), _mutated(rng, seeds, int(count)))
    for name, data in files:
        print(name, flush=True)
        signal.alarm(SECONDS)  # kills the process, even within onnxruntime
        why = _open(data, name)
        signal.alarm(0)
        loaded, refused = loaded + (not why), refused + bool(why)
        assert "\n" not in why, why
        assert _memory() - before < MEMORY, f"{name} grew the process by {(_memory() - before) >> 20} MiB"
    print(f"memory grew by {(_memory() - before) >> 20} MiB")
    print(loaded, refused)


if __name__ == "__main__":
    main(*sys.argv[1:])
