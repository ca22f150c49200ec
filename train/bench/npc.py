"""`npckit bench npc`: what a decision costs, beside Stable-Baselines3's `predict` and bare onnxruntime, and what it takes to have one.

Everything runs on one thread. The networks are stock ones with weights by chance, for speed does not ask what they are. A line's
players take turns, a share of the decisions each, so that a busy machine is busy for all of them.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import onnxruntime as ort
import sb3_contrib
import stable_baselines3
import torch
from gymnasium import spaces
from rich.console import Console
from rich.table import Table
from stable_baselines3.common.base_class import BaseAlgorithm

from ... import __version__
from ...agents.card import Card, Observation, Part
from ...agents.learners.export import export_policy
from ...agents.npc import Npc
from ...errors import UserError
from ...games.files import check_target
from .footprint import footprints
from .measure import Row, machine, write_results

ACTIONS = 6
CROWD = 64
SHARES = 20  # of a line's decisions, taken in turns
Decide = Callable[[], Any]


def npc(*, decisions: int = 10_000, out: Path = Path("bench-npc.json")) -> None:
    """Measure single decisions, a crowd, and the cost of having an NPC at all; print tables and write JSON.

    Args:
        decisions: of everybody in every line
        out: where the JSON goes
    """
    if not 100 <= decisions <= 10**7:
        raise UserError(f"--decisions is 100 to 10,000,000; got {decisions}.")
    check_target(out)
    torch.set_num_threads(1)
    facts = machine()
    rows = [*decision_rows(decisions)]
    costs = [*footprints()]
    _print(rows, costs, facts)
    write_results(out, {**facts, "decisions": decisions, "rows": rows, "footprints": costs})


def decision_rows(decisions: int) -> Iterator[Row]:
    """A line for each network: median and 99th percentile of microseconds, by player."""
    for name, build in NETWORKS.items():
        model = build()
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "policy.onnx"
            export_policy(model, path, _card(model))
            yield {"network": name, **timed(_players(model, path), decisions)}
            if name == MLP:
                yield {"network": f"{name}, {CROWD} at once", **timed(_crowds(model, path), decisions // 10)}


def timed(players: dict[str, Decide], decisions: int) -> Row:
    """Microseconds of each player's decisions: {player: [median, 99th percentile]}."""
    taken: dict[str, list[float]] = {name: [] for name in players}
    for decide in players.values():
        for _ in range(20):
            decide()
    for _ in range(SHARES):
        for name, decide in players.items():
            for _ in range(max(1, decisions // SHARES)):
                start = time.perf_counter()
                decide()
                taken[name].append(time.perf_counter() - start)
    return {name: [round(float(np.percentile(each, q)) * 1e6, 2) for q in (50, 99)] for name, each in taken.items()}


def _players(model: BaseAlgorithm, path: Path) -> dict[str, Decide]:
    character, frame = Npc.load(path), _frames(model, 1)[0]
    newest = frame[-1:] if frame.ndim == 3 else frame  # it stacks them itself
    return {
        "Npc.act": lambda: character.act(newest),
        "onnxruntime": _bare(path, _frames(model, 1)),
        "SB3": _predict(model, frame),
    }


def _crowds(model: BaseAlgorithm, path: Path) -> dict[str, Decide]:
    crowd, frames = Npc.load(path), _frames(model, CROWD)
    return {
        "Npc.act_many": lambda: crowd.act_many(frames),
        "onnxruntime": _bare(path, frames),
        "SB3": lambda: model.predict(frames, deterministic=True),
    }


def _bare(path: Path, frames: Any) -> Decide:
    """A session as quiet as an NPC's, given what it takes, and nothing else."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    first, *states = session.get_inputs()
    feed = {first.name: frames} | {each.name: np.zeros((len(frames), *each.shape[1:]), np.float32) for each in states}
    return lambda: session.run(None, feed)


def _predict(model: BaseAlgorithm, frame: Any) -> Decide:
    if not isinstance(model, sb3_contrib.RecurrentPPO):
        return lambda: model.predict(frame, deterministic=True)
    state: Any = None

    def decide() -> None:
        nonlocal state
        _, state = model.predict(frame, state=state, episode_start=np.zeros(1, bool), deterministic=True)

    return decide


class _Still(gymnasium.Env[Any, Any]):
    """Spaces and nothing else: all that is needed to build a model."""

    def __init__(self, space: spaces.Box) -> None:
        self.observation_space, self.action_space = space, spaces.Discrete(ACTIONS)


def _mlp() -> BaseAlgorithm:
    return stable_baselines3.PPO("MlpPolicy", _Still(FEATURES), n_steps=8, batch_size=8, device="cpu")


def _lstm() -> BaseAlgorithm:
    policy = {"lstm_hidden_size": 256}
    return sb3_contrib.RecurrentPPO(
        "MlpLstmPolicy", _Still(FEATURES), n_steps=8, batch_size=8, policy_kwargs=policy, device="cpu"
    )


def _cnn() -> BaseAlgorithm:
    return stable_baselines3.PPO("CnnPolicy", _Still(PIXELS), n_steps=8, batch_size=8, device="cpu")


FEATURES = spaces.Box(-1, 1, (16,), np.float32)
PIXELS = spaces.Box(0, 255, (4, 84, 84), np.uint8)
MLP = "MLP 2 x 64"
NETWORKS: dict[str, Callable[[], BaseAlgorithm]] = {MLP: _mlp, "LSTM 256": _lstm, "Nature CNN": _cnn}


def _card(model: BaseAlgorithm) -> Card:
    space = model.observation_space
    assert isinstance(space, spaces.Box)
    pictures = len(space.shape) == 3
    part = Part(
        name="obs",
        frame_shape=(1, *space.shape[1:]) if pictures else space.shape,
        dtype=space.dtype.name,
        low=float(space.low.min()),
        high=float(space.high.max()),
    )
    size = getattr(model.policy, "lstm_actor", None)
    return Card(
        npckit=__version__,
        game="bench",
        rules_version=1,
        role="anybody",
        observation=Observation(
            kind="pixels" if pictures else "features", parts=(part,), stack=space.shape[0] if pictures else 1
        ),
        actions=tuple(f"action_{at}" for at in range(ACTIONS)),
        decision_ticks=1,
        tick_rate=60,
        output="logits",
        recurrent=() if size is None else tuple((name, (size.hidden_size,)) for name in ("hidden", "cell")),
    )


def _frames(model: BaseAlgorithm, count: int) -> Any:
    model.observation_space.seed(0)
    return np.stack([model.observation_space.sample() for _ in range(count)])


def _print(rows: list[Row], costs: list[Row], facts: Row) -> None:
    table = Table(
        "network",
        "NPC",
        "onnxruntime",
        "SB3 predict",
        "NPC / onnxruntime",
        title=f"microseconds a call, median (99%); {facts['machine']}",
    )
    for row in rows:
        name, mine, bare, stock = row.values()
        table.add_row(
            name, *(f"{median:.1f} ({high:.1f})" for median, high in (mine, bare, stock)), f"{mine[0] / bare[0]:.2f}"
        )
    Console().print(table)
    table = Table("what is loaded", "import, s", "memory, MB", "installed, MB")
    for cost in costs:
        table.add_row(
            cost["what"], f"{cost['import_seconds']:.2f}", f"{cost['memory_mb']:.0f}", f"{cost['installed_mb']:.0f}"
        )
    Console().print(table)
