"""The heaviest models that the guard lets pass, one operator at a time: how much time and memory a file can take at most."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
from onnx import ModelProto, TensorProto

from ...agents.onnx_guard import inspect
from ...errors import UserError
from .fuzz_graphs import finished, model, node

Made = tuple[list[Any], dict[str, Any]]  # nodes from "one", a number, to "x", and constants
LARGEST = 2**27
SLOWEST = ["Pow", "Mish", "Softplus", "Celu", "Erf", "Softmax", "LayerNormalization"]


def heavy(rng: random.Random) -> ModelProto:
    """A kind of work, as much of it as passes. Half of them do it when the file is opened, half when it decides."""
    kind, folded, draws, fill = (
        rng.choice(KINDS),
        rng.random() < 0.5,
        rng.getrandbits(32),
        rng.choice([1.5, 1e-39, 1e30]),
    )

    def of(size: int) -> ModelProto:
        return built(kind(random.Random(draws), size), fill, folded)

    size = 8
    for step in (2.0, 1.25):
        while size < LARGEST and _passes(of(int(size * step))):
            size = int(size * step)
    return of(size)


def _passes(made: ModelProto) -> bool:
    try:
        inspect(finished(made), "heavy")
    except UserError:
        return False
    return True


def built(made: Made, fill: float, folded: bool) -> ModelProto:
    """Work on a number that is a constant, or comes from what is seen; its result reaches the scores, so it cannot be left out."""
    nodes, constants = made
    start = [] if folded else [node("ReduceMax", ["obs"], ["seen"], keepdims=0), node("Add", ["seen", "fill"], ["one"])]
    constants = {**constants, ("one" if folded else "fill"): np.float32(fill)}
    # A truth value is neither infinite nor no number, whatever comes out of the work.
    end = [
        node("Cast", ["x"], ["plain"], to=TensorProto.FLOAT),
        node("ReduceMax", ["plain"], ["most"], keepdims=0),
        node("Cast", ["most"], ["truth"], to=TensorProto.BOOL),
        node("Cast", ["truth"], ["number"], to=TensorProto.FLOAT),
        node("Add", ["obs", "number"], ["scores"]),
    ]
    whole = model([*start, *nodes, *end], constants)
    whole.graph.node[-1].input[0] = "scores"
    return whole


def _expanded(*size: int) -> tuple[Any, dict[str, Any]]:
    return node("Expand", ["one", "size"], ["x0"]), {"size": np.array(size)}


def elements(rng: random.Random, size: int) -> Made:
    """A chain of one slow operator."""
    first, constants = _expanded(size, 2)
    op, count = rng.choice(SLOWEST), rng.randint(1, 4)
    extra = {"Pow": ["power"], "LayerNormalization": ["scale"]}.get(op, [])
    chain = [node(op, [f"x{at}", *extra], [f"x{at + 1}"]) for at in range(count - 1)]
    constants |= {"power": np.float32(0.37), "scale": np.ones(2, np.float32)}
    return [first, *chain, node(op, [f"x{count - 1}", *extra], ["x"])], constants


def broadcasts(rng: random.Random, size: int) -> Made:
    """Two elements at a time, along eight axes."""
    first, constants = _expanded(2, 2, 2, 2, 2, 2, size, 2)
    constants["c"] = np.ones((1, 2, 1, 2, 1, 2, 1, 2), np.float32)
    return [first, node(rng.choice(["Add", "Pow", "Div", "Max", "PRelu"]), ["x0", "c"], ["x"])], constants


def moves(rng: random.Random, size: int) -> Made:
    """Elements from all over the memory, of one byte or more."""
    first, constants = _expanded(size, 4, 2)
    kind = rng.choice([TensorProto.UINT8, TensorProto.FLOAT, TensorProto.DOUBLE])
    many = np.random.default_rng(0).permutation(min(size, 2**20)).astype(np.int32)
    constants |= {"many": many, "minus": np.array([-1] * 3), "far": np.array([-(2**40)] * 3), "axes": np.arange(3)}
    ways = [
        node("Transpose", ["k"], ["x"], perm=[2, 0, 1]),
        node("Gather", ["k", "many"], ["x"], axis=0),
        node("Slice", ["k", "minus", "far", "axes", "minus"], ["x"]),
        node("Concat", ["k"] * 8, ["x"], axis=2),
        node("Expand", ["k", "size"], ["x"]),
    ]
    return [first, node("Cast", ["x0"], ["k"], to=kind), rng.choice(ways)], constants


def reductions(rng: random.Random, size: int) -> Made:
    """Many times over the same large tensor."""
    first, constants = _expanded(2**10, min(size, 2**12))
    nodes, results = [first, node("Cast", ["x0"], ["k"], to=rng.choice([TensorProto.FLOAT, TensorProto.INT64]))], []
    constants |= {"axis0": np.array([0]), "axis1": np.array([1])}
    for at in range(min(max(1, size >> 12), 64)):
        # Each a little different, for onnxruntime computes the same only once.
        constants[f"c{at}"] = np.array(at % 7 + 1, np.float32)
        op, axis = (
            rng.choice(["ReduceLogSumExp", "ReduceL2", "ReduceSum", "ReduceMean"]),
            rng.choice(["axis0", "axis1"]),
        )
        nodes += [node(op, ["k", axis], [f"r{at}"], keepdims=0), node("ReduceMax", [f"r{at}"], [f"m{at}"], keepdims=0)]
        nodes += [
            node("Cast", [f"m{at}"], [f"f{at}"], to=TensorProto.FLOAT),
            node("Add", [f"f{at}", f"c{at}"], [f"s{at}"]),
        ]
        results.append(f"s{at}")
    return [*nodes, node("Max", results, ["x"])], constants


def products(rng: random.Random, size: int) -> Made:
    """Chains of products of matrices of one type, or of very many small ones."""
    kind = rng.choice([TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.INT64, TensorProto.INT32])
    dtype = {TensorProto.FLOAT: "f4", TensorProto.DOUBLE: "f8", TensorProto.INT64: "i8", TensorProto.INT32: "i4"}[kind]
    if rng.random() < 0.4:
        first, constants = _expanded(size, 1, 2)
        constants |= {"w": np.full((1, 2, 2), 1.0, dtype)}
        return [first, node("Cast", ["x0"], ["k"], to=kind), node("MatMul", ["k", "w"], ["x"])], constants
    side, rows = rng.choice([64, 512, 1000]), rng.choice([1, 64, 256])
    first, constants = _expanded(rows, side)
    constants["w"] = np.full((side, side), 1e-3, dtype)
    chain = [node("MatMul", [f"k{at}", "w"], [f"k{at + 1}"]) for at in range(min(size >> 3, 900))]
    return [
        first,
        node("Cast", ["x0"], ["k0"], to=kind),
        *chain,
        node("Identity", [f"k{len(chain)}"], ["x"]),
    ], constants


def windows(rng: random.Random, size: int) -> Made:
    """Convolutions and pools: large windows, few channels, very many groups."""
    way, side = rng.randrange(5), int(size**0.5)
    if way == 0:
        first, constants = _expanded(1, size, 1, 1)
        constants["w"] = np.ones((min(size, 2**23), 1, 1, 1), np.float32)
        return [first, node("Conv", ["x0", "w"], ["x"], group=size)], constants
    first, constants = _expanded(1, rng.choice([1, 3, 17]), side, side)
    channels, kernel = int(constants["size"][1]), min(side, rng.choice([3, 31, 500]))
    constants["w"] = np.full((channels, channels, min(kernel, 31), min(kernel, 31)), 0.01, np.float32)
    if way == 1:
        return [first, node("Conv", ["x0", "w"], ["x"], pads=[min(kernel, 31) // 2] * 4)], constants
    return [first, node(rng.choice(["MaxPool", "AveragePool"]), ["x0"], ["x"], kernel_shape=[kernel] * 2)], constants


def recurrences(rng: random.Random, size: int) -> Made:
    """Very many steps, or rows, of a small cell."""
    op, gates, hidden = rng.choice([("LSTM", 4, 1), ("GRU", 3, 1), ("LSTM", 4, 16), ("GRU", 3, 64)])
    first, constants = _expanded(*rng.choice([(size, 1, hidden), (1, size, hidden), (size, 8, hidden)]))
    both = rng.randint(1, 2)
    constants |= {name: np.full((both, gates * hidden, hidden), 0.1, np.float32) for name in ("w", "r")}
    direction = ("forward", "bidirectional")[both - 1]
    return [first, node(op, ["x0", "w", "r"], ["x"], hidden_size=hidden, direction=direction)], constants


def links(rng: random.Random, size: int) -> Made:
    """As many nodes, or outputs of nodes, as there may be."""
    op = rng.choice(["Tanh", "Transpose", "Split", "Add"])
    if op == "Split":
        wide = 256
        first, constants = _expanded(1, wide)
        nodes, last = [first], "x0"
        for at in range(min(size >> 3, 60)):
            parts = [f"p{at}_{part}" for part in range(wide)]
            nodes += [node("Split", [last], parts, axis=1, num_outputs=wide), node("Concat", parts, [f"y{at}"], axis=1)]
            last = f"y{at}"
        return [*nodes, node("Relu", [last], ["x"])], constants
    first, constants = _expanded(1, 4)
    constants["c"] = np.ones((1, 1), np.float32)
    given: dict[str, Any]
    extra, given = (["c"], {}) if op == "Add" else ([], {"perm": [1, 0]} if op == "Transpose" else {})
    count = min(size, 1980)
    chain = [node(op, [f"x{at}", *extra], [f"x{at + 1}"], **given) for at in range(count)]
    return [first, *chain, node("Relu", [f"x{count}"], ["x"])], constants


def weights(rng: random.Random, size: int) -> Made:
    """A large file."""
    side = min(int(size**0.5), 4000)
    first, constants = _expanded(1, side)
    constants["w"] = np.zeros((side, side), np.float32)
    return [first, node(rng.choice(["MatMul", "Gemm"]), ["x0", "w"], ["x"])], constants


def texts(rng: random.Random, size: int) -> Made:
    """Long names."""
    first, constants = _expanded(1, 3)
    names = ["☃" * min(size, 2**18) + str(at) for at in range(8)]
    nodes = [node("Relu", [a], [b]) for a, b in zip(["x0", *names], names, strict=False)]
    return [first, *nodes, node("Relu", [names[-1]], ["x"])], constants


KINDS: list[Callable[[random.Random, int], Made]] = [
    elements, elements, broadcasts, moves, moves, reductions, products, products, windows, windows, recurrences, links, weights,
    texts,
]  # fmt: skip
