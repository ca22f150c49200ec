"""An exported file plays exactly as the model it came from, whatever it sees; one that would not is never written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
import torch
from gymnasium import spaces
from npckit.agents.card import Card, Observation, Part
from npckit.agents.learners.export import export_policy
from npckit.agents.npc import Npc
from npckit.agents.policy_file import PolicyFile
from npckit.errors import UserError
from stable_baselines3 import A2C, DQN, PPO, SAC
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor, FlattenExtractor

STACK = 2
FEATURES = Part(name="features", frame_shape=(5,), dtype="float32", low=-1, high=1)
PLANES = Part(name="planes", frame_shape=(3, 8, 6), dtype="uint8", low=0, high=1)
PIXELS = Part(name="pixels", frame_shape=(1, 36, 48), dtype="uint8", low=0, high=255)
PARTS = {"features": (FEATURES,), "planes": (PLANES,), "pixels": (PIXELS,), "both": (FEATURES, PLANES)}


class _Anything(gym.Env[Any, Any]):
    """An environment of nothing but spaces: export never steps it."""

    def __init__(self, kind: str, action_space: gym.Space[Any] | None = None) -> None:
        boxes: dict[str, gym.Space[Any]] = {
            part.name: spaces.Box(part.low, part.high, part.stacked_shape(STACK), np.dtype(part.dtype).type)
            for part in PARTS[kind]
        }
        self.observation_space = spaces.Dict(boxes) if kind == "both" else boxes[kind]
        self.action_space = action_space or spaces.Discrete(4)


class _SmallCnn(BaseFeaturesExtractor):
    def __init__(self, space: spaces.Box) -> None:
        super().__init__(space, 32)
        self.layers = torch.nn.Sequential(
            torch.nn.Conv2d(space.shape[0], 8, 3, padding=1),
            torch.nn.ReLU(),
            torch.nn.Flatten(),
            torch.nn.LazyLinear(32),
        )
        self.layers(torch.zeros(1, *space.shape))

    def forward(self, planes: torch.Tensor) -> torch.Tensor:
        return self.layers(planes)


class _TwoFaced(FlattenExtractor):
    """Sees one thing while it is exported and another afterwards."""

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return super().forward(features) * (2 if torch.compiler.is_exporting() else -2)


def _card(kind: str, **fields: Any) -> Card:
    parts = PARTS[kind]
    if kind != "both":
        parts = (Part(**{**{k: getattr(parts[0], k) for k in ("frame_shape", "dtype", "low", "high")}, "name": "obs"}),)
    told = {
        "npckit": "0.1.0",
        "game": "pong",
        "rules_version": 1,
        "role": "paddle",
        "decision_ticks": 4,
        "tick_rate": 60,
    }
    told |= {"actions": ("a", "b", "c", "d"), "output": "logits"} | fields
    return Card(observation=Observation(kind=kind, parts=parts, stack=STACK), **told)


def _ppo(kind: str, policy: str = "MlpPolicy", **options: Any) -> PPO:
    return PPO(policy, _Anything(kind), n_steps=8, batch_size=8, seed=0, policy_kwargs=options, device="cpu")


def _dqn(kind: str, policy: str = "MlpPolicy") -> DQN:
    return DQN(policy, _Anything(kind), buffer_size=8, seed=0, device="cpu")


MODELS = {
    "PPO features": lambda: (_ppo("features"), _card("features")),
    "PPO planes": lambda: (_ppo("planes", features_extractor_class=_SmallCnn), _card("planes")),
    "PPO pixels": lambda: (_ppo("pixels", "CnnPolicy"), _card("pixels")),
    "PPO both": lambda: (_ppo("both", "MultiInputPolicy", share_features_extractor=False), _card("both")),
    "DQN features": lambda: (_dqn("features"), _card("features", output="q")),
    "DQN pixels": lambda: (_dqn("pixels", "CnnPolicy"), _card("pixels", output="q")),
}


def _sharpen(model: BaseAlgorithm) -> None:
    """An untrained policy scores all actions alike; spread them, so that a wrong weight shows."""
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for weights in model.policy.parameters():
            weights.add_(torch.randn(weights.shape, generator=generator) * 0.05)


@pytest.mark.parametrize("name", MODELS)
def test_the_file_takes_the_actions_of_its_model(name: str, tmp_path: Path) -> None:
    model, card = MODELS[name]()
    _sharpen(model)
    path = tmp_path / "policy.onnx"
    assert export_policy(model, path, card).difference < 1e-4

    space = model.observation_space
    space.seed(3)
    rows = [space.sample() for _ in range(20)]
    stacked = (
        {key: np.stack([row[key] for row in rows]) for key in rows[0]} if isinstance(rows[0], dict) else np.stack(rows)
    )
    scores, _ = PolicyFile.load(path).run(stacked)
    actions, _ = model.predict(stacked, deterministic=True)
    np.testing.assert_array_equal(scores.argmax(1), actions)
    assert np.ptp(scores, axis=0).max() > 1e-3  # the answer depends on what is seen


def test_an_npc_that_stacks_by_itself_plays_as_the_model(tmp_path: Path) -> None:
    model, card = MODELS["PPO pixels"]()
    _sharpen(model)
    export_policy(model, tmp_path / "policy.onnx", card)
    npc = Npc.load(tmp_path / "policy.onnx")
    frames = np.random.default_rng(0).integers(0, 256, (6, 1, 36, 48), np.uint8)
    stacks = [np.concatenate([frames[max(at - 1, 0)], frames[at]]) for at in range(6)]
    assert [npc.act(frame) for frame in frames] == [int(model.predict(seen, deterministic=True)[0]) for seen in stacks]
    with pytest.raises(UserError, match="must be uint8"):
        npc.act(frames[0] / 255)


def test_the_file_is_small_and_tells_nothing_of_the_machine(tmp_path: Path) -> None:
    model, card = MODELS["PPO features"]()
    path = tmp_path / "policy.onnx"
    export_policy(model, path, card)
    facts = PolicyFile.load(path).facts
    assert facts.metadata.keys() == {"npckit"}
    assert path.stat().st_size < 4 * facts.parameters + 4096
    assert b"site-packages" not in path.read_bytes()


def test_export_leaves_the_model_as_it_was(tmp_path: Path) -> None:
    model, card = MODELS["PPO features"]()
    model.policy.set_training_mode(True)
    export_policy(model, tmp_path / "policy.onnx", card)
    assert model.policy.training


def test_export_is_silent(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    model, card = MODELS["DQN features"]()
    export_policy(model, tmp_path / "policy.onnx", card)
    assert capfd.readouterr() == ("", "")


def test_a_file_that_would_play_unlike_its_model_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "policy.onnx"
    path.write_bytes(b"an older policy")
    model = _ppo("features", features_extractor_class=_TwoFaced)
    _sharpen(model)
    with pytest.raises(UserError, match="play unlike its model"):
        export_policy(model, path, _card("features"))
    assert path.read_bytes() == b"an older policy"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("model", "card"),
    [
        (lambda: _ppo("features"), lambda: _card("features", output="q")),
        (lambda: _ppo("features"), lambda: _card("features", actions=("a", "b"))),
        (lambda: _ppo("features"), lambda: _card("planes")),
        (lambda: _ppo("both", "MultiInputPolicy"), lambda: _card("features")),
        (lambda: A2C("MlpPolicy", _Anything("features", spaces.MultiBinary(3))), lambda: _card("features")),
        (
            lambda: SAC("MlpPolicy", _Anything("features", spaces.Box(-1, 1, (1,))), buffer_size=8),
            lambda: _card("features"),
        ),
    ],
    ids=["output", "actions", "observation", "parts", "multi-binary", "continuous"],
)
def test_a_model_that_its_card_does_not_fit_is_refused(model: Any, card: Any, tmp_path: Path) -> None:
    with pytest.raises(UserError):
        export_policy(model(), tmp_path / "policy.onnx", card())
    assert list(tmp_path.iterdir()) == []


def test_a_missing_folder_is_named_before_any_work(tmp_path: Path) -> None:
    model, card = MODELS["PPO features"]()
    with pytest.raises(UserError, match="does not exist"):
        export_policy(model, tmp_path / "nowhere" / "policy.onnx", card)
