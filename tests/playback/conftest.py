"""Headless pygame, short sessions, and a small policy file made by hand."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

os.environ["SDL_VIDEODRIVER"] = "dummy"

from npckit.agents.seats import BotAgent
from npckit.games import registry
from npckit.games.contract import CELL, Spec
from npckit.games.frame import KIND, TAG, B, X
from npckit.playback.session import Session

FLOAT = 1


@pytest.fixture
def session() -> Callable[..., Session]:
    """A session of bots: `session("hard", "easy", seed=3)`."""

    def make(*levels: str, title: str | Path = "pong", **options: object) -> Session:
        return Session(registry.load(title), [BotAgent(level) for level in levels], **options)  # type: ignore[arg-type]

    return make


@pytest.fixture
def plain_spec() -> Spec:
    """A field of 32 x 24 cells with one sprite, for shapes made by hand."""
    one = {"roles": ("a",), "teams": (0,), "actions": ("a",), "features": ("a",), "planes": ("self",)}
    return Spec(name="shapes", version=1, seats=1, field=(32, 24), grid=(8, 8), sprites=((".#.", "###"),), **one)  # type: ignore[arg-type]


@pytest.fixture
def shape() -> Callable[..., np.ndarray]:
    """One row of a display list, in cells: `shape(RECT, BALL, 1, 1, 2, 2, tag=1)`."""

    def make(kind: int, ink: int, *place: float, value: int = 0, tag: int = 0) -> np.ndarray:
        row = np.zeros(8, np.int32)
        row[KIND], row[KIND + 1], row[B + 1], row[TAG] = kind, ink, value, tag
        row[X : X + len(place)] = [round(size * CELL) for size in place]
        return row

    return make


@pytest.fixture
def policy(tmp_path: Path) -> Callable[..., Path]:
    """A policy for Pong's paddle that prefers "up" by one logit; `recurrent` counts its decisions in a state `n`."""
    from npckit.agents.card import Card, Observation, Part
    from npckit.agents.policy_file import with_card
    from onnx import helper, numpy_helper

    def make(*, recurrent: bool = False, output: str = "logits") -> Path:
        spec = registry.load("pong").spec
        wide = len(spec.features_of("paddle"))
        part = Part(name="obs", frame_shape=(wide,), dtype="float32", low=-1, high=1)
        card = Card(
            npckit="0.1.0", game="pong", rules_version=spec.version, role="paddle", output=output, tick_rate=60,
            observation=Observation(kind="features", parts=(part,)), actions=("stay", "up", "down"), decision_ticks=4,
            recurrent=(("n", (3,)),) if recurrent else (),
        )  # fmt: skip
        constants = {"w": np.zeros((wide, 3), np.float32), "b": np.array([0, 1, 0], np.float32)}
        nodes = [helper.make_node("MatMul", ["obs", "w"], ["zero"]), helper.make_node("Add", ["zero", "b"], ["now"])]
        nodes.append(
            helper.make_node("Add", ["now", "n"], ["n_out"])
            if recurrent
            else helper.make_node("Relu", ["now"], [output])
        )
        if recurrent:
            nodes.append(helper.make_node("Relu", ["n_out"], [output]))
        sizes = {"obs": wide, "n": 3, output: 3, "n_out": 3}
        values = {name: helper.make_tensor_value_info(name, FLOAT, ["batch", size]) for name, size in sizes.items()}
        ends = (["obs", "n"], [output, "n_out"]) if recurrent else (["obs"], [output])
        inputs, outputs = ([values[name] for name in names] for names in ends)
        tensors = [numpy_helper.from_array(array, name) for name, array in constants.items()]
        model = helper.make_model(
            helper.make_graph(nodes, "policy", inputs, outputs, tensors),
            opset_imports=[helper.make_opsetid("", 18)],
            ir_version=10,
        )
        path = tmp_path / "rival.onnx"
        path.write_bytes(with_card(model.SerializeToString(), card))
        return path

    return make
