"""A policy file needs nothing of npckit: what docs/export.md shows plays it from its card alone, and a module of one's own becomes one."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import npckit
import numpy as np
import pytest
import torch
from npckit.agents.card import Card, Observation, Part
from npckit.agents.learners.export import export_module
from npckit.agents.npc import Npc
from npckit.agents.policy_file import PolicyFile, shipped
from npckit.envs import SB3VecEnv
from npckit.errors import UserError
from npckit.games import registry
from npckit.games.observation import ObsSpec
from npckit.train.runner import export

from .test_export import model_of

BLOCKS = re.findall(
    r"^```python\n(.*?)^```", (Path(npckit.__file__).parent / "docs/export.md").read_text(), re.MULTILINE | re.DOTALL
)
CASES = [("ppo", "snake", "both", ""), ("recurrent-ppo", "tanks", "features", "gru"), ("dqn", "pong", "pixels", "")]
CASES += [("recurrent-dqn", "pong", "planes", "lstm")]


def rival_of(path: Path) -> Any:
    """The class that the page shows, which imports NumPy and onnxruntime alone."""
    (code,) = (block for block in BLOCKS if "class Rival" in block)
    assert set(re.findall(r"^import (\w+)", code, re.MULTILINE)) == {"json", "numpy", "onnxruntime"}
    space: dict[str, Any] = {}
    exec(compile(code, "docs/export.md", "exec"), space)
    return space["Rival"](str(path))


def plays_alike(path: Path, steps: int = 120) -> int:
    """The page's class and `Npc` choose the same in the title's own games; how many episodes began."""
    rival, npc = rival_of(path), Npc.load(path)
    card = npc.card
    game, seen = registry.load(card.game), card.observation
    size = seen.parts[0].frame_shape[1:] if seen.kind == "pixels" else (64, 64)
    cut = 40 * game.spec.decision_ticks
    env = SB3VecEnv(game, 1, obs=ObsSpec(seen.kind, 1, (size[0], size[1])), seat=card.role, max_ticks=cut)
    env.seed(1)
    obs, begun = env.reset(), 0
    for step in range(steps):
        frames = {name: part[0] for name, part in (obs if isinstance(obs, dict) else {"obs": obs}).items()}
        mask = env.action_masks()[0]
        action = npc.act(frames, mask)
        assert rival.act(frames, mask) == npc.action_name(action), step
        obs, _, done, _ = env.step(np.array([action]))
        if done[0]:
            npc.reset()
            rival.reset()
            begun += 1
    return begun


@pytest.mark.parametrize(("algorithm", "game", "obs", "memory"), CASES)
def test_plain_onnxruntime_plays_every_algorithms_file_from_its_card(
    algorithm: str, game: str, obs: str, memory: str, tmp_path: Path
) -> None:
    model, config = model_of(algorithm, game, obs, memory)
    path = tmp_path / "policy.onnx"
    export(model, config, registry.load(game), path, seconds=1.0, episodes=False)
    assert plays_alike(path) >= 2


@pytest.mark.parametrize("name", [name for name, path in shipped().items() if "heist" not in name])
def test_plain_onnxruntime_plays_the_shipped_rivals(name: str) -> None:
    assert plays_alike(shipped()[name], steps=60) >= 1


def test_the_page_exports_a_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.chdir(tmp_path)
    (code,) = (block for block in BLOCKS if "export_module(" in block)
    exec(compile(code, "docs/export.md", "exec"), {"__name__": "page"})
    assert "random observations" in capsys.readouterr().out
    rival = rival_of(tmp_path / "cartpole.onnx")
    assert rival.act({"obs": [0, 0, 0, 0]}) in ("left", "right")


class Sum(torch.nn.Module):
    """Scores are the sum of all that was seen; `slip` makes it a little more outside of the exporter."""

    def __init__(self, slip: float = 0.0) -> None:
        super().__init__()
        self.slip = slip

    def forward(self, obs: torch.Tensor, memory: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        new = memory * (1.0 if torch.compiler.is_exporting() else 1.0 + self.slip) + obs
        return new * 1.0, new


def sum_card(game: str = "sums") -> Card:
    part = Part(name="obs", frame_shape=(3,), dtype="float32", low=0, high=1)
    return Card(
        npckit="0.1.0", game=game, rules_version=1, role="player", actions=("a", "b", "c"), decision_ticks=1, tick_rate=30,
        observation=Observation(kind="features", parts=(part,)), output="q", recurrent=(("memory", (3,)),),
    )  # fmt: skip


def test_a_module_with_a_memory_is_compared_over_episodes_that_begin_anew(tmp_path: Path) -> None:
    parity = export_module(Sum(), tmp_path / "sum.onnx", sum_card())
    assert parity.difference < 1e-4 and parity.decisions == 1000 * 65 and parity.episodes > 65 * 2
    npc = Npc.load(tmp_path / "sum.onnx")
    assert [npc.act([1, 0, 0.5]), npc.act([0, 0, 1]), npc.act([0, 1, 0])] == [0, 2, 2]


def test_a_drift_that_shows_in_whole_episodes_alone_stops_the_export(tmp_path: Path) -> None:
    path = tmp_path / "sum.onnx"
    quick = export_module(Sum(5e-5), path, sum_card(), episodes=False)  # snapshots of a run are looked at like this
    assert (quick.decisions, quick.episodes) == (0, 0) and path.exists()
    path.unlink()
    with pytest.raises(UserError, match="play unlike its model"):
        export_module(Sum(5e-5), path, sum_card())
    assert not path.exists()


def test_episodes_are_those_of_the_title_where_it_is_known_and_fits(tmp_path: Path) -> None:
    pong = PolicyFile.load("pong").card
    module = torch.nn.Linear(9, 3)
    assert "pong's own observations" in export_module(module, tmp_path / "a.onnx", pong).told()
    with pytest.raises(UserError, match="torch cannot export"):
        export_module(torch.nn.Linear(8, 3), tmp_path / "b.onnx", pong)
    unlike = sum_card("pong")  # a title's name, with observations that are not its own
    assert "random observations" in export_module(Sum(), tmp_path / "c.onnx", unlike).told()
