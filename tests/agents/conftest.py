"""Small hand-made policies whose answers can be told in advance: scores are a fixed matrix times the stacked features."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from npckit.agents.card import Card, Observation, Part
from npckit.agents.policy_file import with_card
from numpy.typing import NDArray
from onnx import ModelProto, helper, numpy_helper

FLOAT = 1


def _features(size: int = 3, stack: int = 1) -> Observation:
    part = Part(name="obs", frame_shape=(size,), dtype="float32", low=-1, high=1)
    return Observation(kind="features", parts=(part,), stack=stack)


@pytest.fixture
def make_card() -> Callable[..., Card]:
    """A card of three features and three actions; `size`, `stack` and any field of Card can be given."""

    def make(size: int = 3, stack: int = 1, **fields: Any) -> Card:
        told = {"npckit": "0.1.0", "game": "pong", "rules_version": 1, "role": "paddle", "output": "logits"}
        told |= {"actions": ("stay", "up", "down"), "decision_ticks": 4, "tick_rate": 60}
        return Card(**{"observation": _features(size, stack), **told, **fields})

    return make


@pytest.fixture
def make_model() -> Callable[..., ModelProto]:
    """An ONNX model of these nodes, with float32 inputs, outputs and constants unless told otherwise."""

    def make(
        nodes: list[Any],
        inputs: dict[str, Any],
        outputs: dict[str, Any],
        constants: dict[str, NDArray[Any]] | None = None,
    ) -> ModelProto:
        def values(shapes: dict[str, Any]) -> list[Any]:
            return [helper.make_tensor_value_info(name, FLOAT, ["batch", *shape]) for name, shape in shapes.items()]

        tensors = [numpy_helper.from_array(array, name) for name, array in (constants or {}).items()]
        graph = helper.make_graph(nodes, "policy", values(inputs), values(outputs), tensors)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)

    return make


@pytest.fixture
def make_policy(tmp_path: Path, make_card: Any, make_model: Any) -> Callable[..., Path]:
    """A policy file: scores = features @ weights; with `recurrent`, plus the sum of all features of the episode so far."""

    def make(weights: Any = None, *, stack: int = 1, recurrent: bool = False, **fields: Any) -> Path:
        matrix = np.asarray(np.eye(3) if weights is None else weights, np.float32)
        wide, actions = matrix.shape
        nodes = [helper.make_node("MatMul", ["obs", "w"], ["now"])]
        inputs, outputs = {"obs": [wide]}, {"logits": [actions]}
        if recurrent:
            nodes += [
                helper.make_node("Add", ["now", "memory"], ["memory_out"]),
                helper.make_node("Identity", ["memory_out"], ["logits"]),
            ]
            inputs, outputs = inputs | {"memory": [actions]}, outputs | {"memory_out": [actions]}
            fields["recurrent"] = (("memory", (actions,)),)
        else:
            nodes[0].output[0] = "logits"
        fields.setdefault("actions", tuple(f"action{at}" for at in range(actions)))
        card = make_card(wide // stack, stack, **fields)
        path = tmp_path / "policy.onnx"
        path.write_bytes(with_card(make_model(nodes, inputs, outputs, {"w": matrix}).SerializeToString(), card))
        return path

    return make
