"""Models of allowed operators alone that go for memory and time: growth, wild shapes, layers that are nearly sound, heavy ones."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
from onnx import ModelProto, TensorProto, defs, helper

from ...agents.onnx_bounds import RULES
from .fuzz_bytes import WILD
from .fuzz_graphs import OPSET, Maker, attribute, model, node


def bomb(rng: random.Random) -> ModelProto:
    """Sizes from nothing, in one of the ways that ONNX offers."""
    size = [2 ** rng.randint(10, 40), 2 ** rng.randint(0, 30), 3]
    ways = [
        [node("Expand", ["obs", "size"], ["x"])],
        [node("ConstantOfShape", ["size"], ["x"])],
        [node("ConstantOfShape", ["size"], ["y"]), node("ReduceSum", ["y"], ["x"])],
        [node("Tile", ["obs", "size"], ["x"])],
        [node("Range", ["zero", "large", "step"], ["x"])],
        [node("Reshape", ["obs", "size"], ["x"])],
        [node("Unsqueeze", ["obs", "zero1"], ["y"]), node("Expand", ["y", "size"], ["x"])],
        [node("TopK", ["obs", "large1"], ["x", "y"])],
        [node("Pad", ["obs", "size"], ["x"])],
        [node("Resize", ["obs", "", "", "size"], ["x"])],
    ]
    scalars = {"zero": np.array(0), "large": np.array(2**40), "step": np.array(1), "zero1": np.array([0])}
    return model(rng.choice(ways), {"size": np.array(size), "large1": np.array([2**40]), **scalars})


def growth(rng: random.Random) -> ModelProto:
    """A chain whose every step is harmless."""
    make: Callable[[str, str], Any] = rng.choice(
        [
            lambda a, b: node("Concat", [a, a], [b], axis=1),
            lambda a, b: node("Concat", [a] * 50, [b], axis=0),
            lambda a, b: node("MatMul", [a, "w"], [b]),
            lambda a, b: node("Mul", [a, a], [b]),
            lambda a, b: node("Unsqueeze", [a, "zero1"], [b]),
            lambda a, b: node("Gather", [a, "many"], [b], axis=1),
            lambda a, b: node("Transpose", [a], [b], perm=[1, 0]),
        ]
    )
    constants = {"w": np.eye(3, dtype=np.float32), "zero1": np.array([0]), "many": np.zeros(100, np.int64)}
    length = rng.choice([5, 30, 30, 300, 1999, 5000])
    return model([make(f"x{at}" if at else "obs", f"x{at + 1}") for at in range(length)], constants)


def division(rng: random.Random) -> ModelProto:
    """What the processor traps on."""
    divisor = np.array([rng.choice([0, -1, 1])], rng.choice([np.int64, np.int32]))
    low = np.array([np.iinfo(divisor.dtype).min])
    return model([node(rng.choice(["Div", "Mod"]), ["a", "b"], ["x"])], {"a": low.astype(divisor.dtype), "b": divisor})


def batch_bomb(rng: random.Random) -> ModelProto:
    """Small for one row, large for more."""
    nodes = [node("Transpose", ["obs"], ["t"], perm=[1, 0]), node("MatMul", ["obs", "t"], ["x0"])]
    axes = [rng.randint(0, 1) for _ in range(rng.randint(1, 3))]
    nodes += [node("Concat", [f"x{at}"] * 40, [f"x{at + 1}"], axis=axis) for at, axis in enumerate(axes)]
    return model(nodes)


def soup(rng: random.Random) -> ModelProto:
    """Operators that the guard allows, wired at random and with wild attributes."""
    values, nodes = ["obs", "f", "g", "i", "s", "t"], []
    for at in range(rng.randint(1, 6)):
        schema = defs.get_schema(rng.choice(sorted(RULES)), OPSET, "")
        inputs = [rng.choice(values) for _ in range(rng.randint(schema.min_input, min(schema.max_input, 6)))]
        count = rng.randint(schema.min_output, min(max(schema.max_output, 1), 3))
        outputs = [f"y{at}{place}" for place in range(count)]
        given = [name for name, a in schema.attributes.items() if a.required or rng.random() < 0.4]
        attributes = {name: attribute(schema.attributes[name].type, rng) for name in given}
        nodes.append(node(schema.name, inputs, outputs, **{k: v for k, v in attributes.items() if v is not None}))
        values += outputs
    arrays = np.random.default_rng(rng.getrandbits(32))
    constants = {
        n: arrays.normal(size=[rng.randint(1, 5) for _ in range(rng.randint(0, 4))]).astype("f4") for n in "fg"
    }
    constants |= {n: np.array([rng.choice(WILD) for _ in range(rng.randint(0, 4))], np.int64) for n in "is"}
    return model(nodes, {**constants, "t": arrays.integers(-1, 4, rng.randint(1, 3))})


def lists(rng: random.Random) -> ModelProto:
    """Arithmetic with short lists of whole numbers, the result of which is a size: what the guard must follow exactly."""
    near = [-(2**63), -100, -3, -2, -1, 0, 1, 2, 3, 100, 2**31 - 1, 2**63 - 1]
    constants = {f"c{at}": np.array([rng.choice(near) for _ in range(rng.randint(1, 4))]) for at in range(3)}
    constants |= {"zero": np.array(0), "axis": np.array([0]), "wide": np.array([2**35, 5])}
    values, nodes = ["c0", "c1", "c2", "wide", "shape"], [node("Shape", ["obs"], ["shape"])]
    for at in range(rng.randint(1, 5)):
        a, b = rng.choice(values), rng.choice(values)
        ends = [[f"v{at}{end}"] for end in ("start", "end", "step")]
        constants |= {end: np.array([rng.choice(near)]) for (end,) in ends}
        made = [
            node("Slice", [a, *ends[0], *ends[1], "axis", *ends[2]], [f"v{at}"]),
            node("Gather", [a, b], [f"v{at}"]),
            node("Concat", [a, b], [f"v{at}"], axis=0),
            node(rng.choice(["Add", "Sub", "Mul", "Div", "Min", "Max"]), [a, b], [f"v{at}"]),
            node("Shape", [a], [f"v{at}"], start=rng.choice(near), end=rng.choice(near)),
            node("Reshape", [a, b], [f"v{at}"], allowzero=rng.randint(0, 1)),
            node("Cast", [a], [f"v{at}"], to=rng.choice([TensorProto.INT64, TensorProto.INT32, TensorProto.BOOL])),
            node(rng.choice(["Squeeze", "Unsqueeze"]), [a, b], [f"v{at}"]),
            node("ReduceMax", [a, "axis"], [f"v{at}"], keepdims=rng.randint(0, 1)),
        ]
        nodes.append(rng.choice([made[0], *made]))
        values.append(f"v{at}")
    last = [node("ConstantOfShape", [values[-1]], ["x"]), node("Expand", ["obs", values[-1]], ["x"])]
    return model([*nodes, rng.choice([*last, node("Reshape", ["obs", values[-1]], ["x"])])], constants)


_LAYERS = [
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
_SHAPES = {
    "image": (2, 4, 9, 7), "kernel": (8, 2, 3, 2), "four": (4,), "row": (7,), "a": (5, 6), "b": (6, 4),
    "steps": (3, 2, 8), "lw": (2, 12, 8), "lr": (2, 12, 3), "gw": (1, 9, 8), "gr": (1, 9, 3),
}  # fmt: skip
_LISTS = {
    "starts": [8, 0], "ends": [-100, 5], "axes": [2, 3], "strides": [-2, 2], "picks": [0, 3, -1], "parts": [1, 3],
    "shape": [2, 4, 9, 7],
}  # fmt: skip


def nearly(rng: random.Random) -> ModelProto:
    """A sound layer with one thing about it changed, or none."""
    layer = rng.choice(_LAYERS)
    attributes = {a.name: helper.get_attribute_value(a) for a in layer.attribute}
    shapes = {name: list(shape) for name, shape in _SHAPES.items()}
    numbers = {name: list(values) for name, values in _LISTS.items() if name in layer.input}
    changeable = [each for each in (*attributes.values(), *numbers.values()) if isinstance(each, list)]
    change, near = rng.randrange(4), rng.choice(WILD)
    if change == 0 and (name := rng.choice([n for n in layer.input if n in shapes] or [""])):
        shapes[name][rng.randrange(len(shapes[name]))] = rng.choice([1, 2, 3, 5, 12])
    elif change == 1 and changeable:
        chosen = rng.choice(changeable)
        chosen[rng.randrange(len(chosen))] = near
    elif change == 2 and attributes:
        name = rng.choice(sorted(attributes))
        attributes[name] = near if isinstance(attributes[name], int) else attributes[name]
    arrays: dict[str, Any] = {name: np.ones(shape, np.float32) for name, shape in shapes.items()}
    arrays |= {name: np.array(each, np.int64) for name, each in numbers.items()}
    changed = node(layer.op_type, layer.input, layer.output, **attributes)
    return model([changed], {name: arrays[name] for name in layer.input})


SIZES: list[Maker] = [bomb, growth, division, batch_bomb, *[soup] * 4, *[lists] * 5, *[nearly] * 6]
