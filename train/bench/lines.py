"""The lines of `npckit bench learn`: which learner trains on which config, and how skilled it has to become."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

from ...errors import UserError
from ...games import registry
from ..config import DQNConfig, PPOConfig, TrainConfig
from ..presets import load_preset, preset_names

Device = Literal["auto", "cpu", "cuda"]
OURS, EQUAL, BEST = "ours", "equal", "best"
BEST_ENVS, BEST_BATCH = 256, 1024  # what serves Stable-Baselines3 best on a batch of games
PEERS = {"ppo": "SB3", "dqn": "SB3", "recurrent-ppo": "sb3-contrib", "recurrent-dqn": ""}


@dataclass(frozen=True)
class Line:
    """One learner on one config. `learner`: ours, the peer with equal settings, or the peer at its best."""

    name: str
    learner: str
    config: TrainConfig

    @property
    def peer(self) -> str:
        """Who the peer is; empty where none exists."""
        return PEERS[self.config.algorithm]

    @property
    def told(self) -> str:
        """The learner in words."""
        words = {OURS: "npckit", EQUAL: f"{self.peer}, equal", BEST: f"{self.peer}, its best"}
        return words[self.learner]


def speed_lines(title: str, algorithm: str, obs: str, device: Device) -> list[Line]:
    """Every learner of every speed config that fits; empty words fit all. UserError: none does."""
    configs = [(name, config) for name, config in _speed_configs(title) if _fits(config, algorithm, obs)]
    if not configs:
        raise UserError(f"there is no line for --algorithm {algorithm} with --obs {obs}; leave one of them out.")
    return [line for name, config in configs for line in _contestants(name, replace(config, device=device))]


def skill_lines(title: str, algorithm: str, obs: str, device: Device) -> list[Line]:
    """The title's own presets, ours and the peers at their best. UserError: the title has none that fits."""
    known = preset_names(registry.load(title))
    wanted = [(f"{config.algorithm}-{config.obs}", config) for _, config in _speed_configs(title)]
    names = [name for name, config in wanted if name in known and _fits(config, algorithm, obs)]
    if not names:
        raise UserError(f"{title} has no preset for that; its presets are {', '.join(known) or 'none yet'}.")
    configs = [(name, load_preset(title, name)) for name in dict.fromkeys(names)]
    lines = [line for name, config in configs for line in _contestants(name, replace(config, device=device))]
    return [line for line in lines if line.learner != EQUAL]


def _contestants(name: str, config: TrainConfig) -> Iterator[Line]:
    yield Line(name, OURS, config)
    if PEERS[config.algorithm]:
        yield Line(name, EQUAL, config)
        yield Line(name, BEST, at_its_best(config))


def at_its_best(config: TrainConfig) -> TrainConfig:
    """The same training in a batch of 256 games, with minibatches of 1,024."""
    ppo, dqn = replace(config.ppo, n_steps=32, batch_size=BEST_BATCH), replace(config.dqn, batch_size=BEST_BATCH)
    return replace(config, num_envs=BEST_ENVS, ppo=ppo, dqn=dqn)


def _fits(config: TrainConfig, algorithm: str, obs: str) -> bool:
    return algorithm in ("", config.algorithm) and obs in ("", config.obs)


def _speed_configs(title: str) -> Iterator[tuple[str, TrainConfig]]:
    """What the speed of learners is told by, with how many weights or which network in the name."""
    hardest = registry.load(title).hardest
    common: dict[str, Any] = {"opponents": {hardest: 1.0}, "final_learning_rate": 1.0, "total_samples": 10**9}
    mlp = TrainConfig(
        title, hidden=(64, 64), num_envs=1024, ppo=PPOConfig(n_steps=32, batch_size=8192, n_epochs=2), **common
    )
    yield "ppo, features, MLP 2x64, 2 epochs", mlp
    recurrent = PPOConfig(n_steps=32, batch_size=4096, n_epochs=1)
    lstm: dict[str, Any] = {"algorithm": "recurrent-ppo", "memory": "lstm", "memory_size": 160, "hidden": (64,)}
    yield "recurrent-ppo, features, LSTM 160, 1 epoch", replace(mlp, num_envs=512, ppo=recurrent, **lstm)
    small = replace(mlp, num_envs=256, hidden=(64,), ppo=PPOConfig(n_steps=16, batch_size=1024, n_epochs=2))
    yield "ppo, planes, small CNN, 2 epochs", replace(small, obs="planes")
    yield "ppo, pixels 4x64x64, small CNN, 2 epochs", replace(small, obs="pixels")
    yield "ppo, pixels 4x64x64, nature CNN, 2 epochs", replace(small, obs="pixels", cnn="nature", num_envs=128)
    dqn = DQNConfig(  # of 2015: the stock learner has no other
        batch_size=512,
        learning_starts=5_000,
        train_freq=1,
        gradient_steps=1,
        buffer_size=100_000,
        n_steps=1,
        double=False,
    )
    q_learner = replace(mlp, algorithm="dqn", hidden=(128, 128), num_envs=128, dqn=dqn)
    yield "dqn, features, MLP 2x128", q_learner
    yield (
        "recurrent-dqn, features, LSTM 128",
        replace(q_learner, **{**lstm, "algorithm": "recurrent-dqn", "memory_size": 128}),
    )
