"""A learner and its environment, from a config."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import Any

import torch
from stable_baselines3.common.base_class import BaseAlgorithm

from ..agents import learners
from ..agents.learners.host import keep_freed_memory
from ..agents.learners.networks import Eyes, InplaceReLU
from ..agents.learners.seat import ModelAgent
from ..agents.seats import agent_named
from ..envs.sb3_env import SB3VecEnv
from ..envs.seating import Players
from ..errors import UserError
from ..games.contract import Game
from .config import TrainConfig

LEARNERS = {"ppo": "PPO", "recurrent-ppo": "RecurrentPPO", "dqn": "DQN", "recurrent-dqn": "RecurrentDQN"}


def learner_class(algorithm: str) -> Any:
    """The class that learns by an algorithm's name."""
    return getattr(learners, LEARNERS[algorithm])


@dataclass
class Budget:
    """When a run ends by the clock, and how much of it is left."""

    minutes: float
    spent: float = 0.0  # seconds until the last pause
    started: float = 0.0

    def start(self) -> None:
        self.started = time.monotonic()

    def pause(self) -> None:
        self.spent, self.started = self.elapsed, 0.0

    @property
    def elapsed(self) -> float:
        return self.spent + (time.monotonic() - self.started if self.started else 0.0)  # seconds

    @property
    def remaining(self) -> float:
        """1 at the start, 0 when time is up; 1 throughout where there is no limit."""
        return max(0.0, 1.0 - self.elapsed / (60 * self.minutes)) if self.minutes else 1.0


@dataclass
class Falling:
    """A number that falls in a straight line, by samples or by the clock, whichever is further on, in the first part of a run."""

    first: float
    last_part: float  # of the first, and what stays
    budget: Budget
    fraction: float = 1.0

    def __call__(self, progress_remaining: float) -> float:
        left = min(progress_remaining, self.budget.remaining)
        above = max(0.0, 1 - (1 - left) / self.fraction)
        return self.first * (self.last_part + (1 - self.last_part) * above)


def device_named(name: str) -> torch.device:
    """auto, cpu or cuda; a UserError where there is no GPU."""
    if name == "cuda" and not torch.cuda.is_available():
        raise UserError(
            "this machine has no GPU that torch can use; train with --device cpu (or auto), or see npckit doctor."
        )
    return torch.device("cuda" if name != "cpu" and torch.cuda.is_available() else "cpu")


def use_threads(threads: int) -> int:
    """Sets torch's threads; 0 means every core that this process may use. Returns their number."""
    count = (
        threads or len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else threads or os.cpu_count() or 1
    )
    torch.set_num_threads(count)
    keep_freed_memory()
    return count


def build_env(config: TrainConfig, game: Game, players: Players | None = None) -> SB3VecEnv:
    """The rows of a run; `players` bear names of opponents that are no bot's and no file's.

    Drawing planes and pixels is spread over the threads; features are too quick to be worth it.
    """
    env = SB3VecEnv(
        game,
        config.num_envs,
        obs=config.obs_spec,
        opponent=config.opponents,
        seat=config.role,
        seats=config.seats,
        threads=1 if config.obs == "features" else torch.get_num_threads(),
        players=players,
        potential=game.potentials[config.role] if config.shaping else None,
        gamma=config.gamma,
        teacher=agent_named(config.teacher, game, seed=config.seed) if config.teacher else None,
    )
    if env.arena.shaper:
        env.arena.shaper.weight = config.shaping
    env.seed(config.seed)
    return env


def build_model(config: TrainConfig, env: SB3VecEnv, budget: Budget) -> BaseAlgorithm:
    """A fresh learner; its critic shares nothing but eyes and memory with the actor."""
    on_policy = config.algorithm in ("ppo", "recurrent-ppo")
    options = _ppo_options(config, budget) if on_policy else _dqn_options(config, env.num_envs)
    kinds = {"features": "MlpPolicy", "both": "MultiInputPolicy"}
    return learner_class(config.algorithm)(
        kinds.get(config.obs, "CnnPolicy"),
        env,
        learning_rate=Falling(config.learning_rate, config.final_learning_rate, budget),
        gamma=config.gamma,
        seed=config.seed,
        device=device_named(config.device),
        shift=config.shift,
        normalize_reward=config.normalize_reward,
        precision=config.precision,
        **options,
    )


def _policy_options(config: TrainConfig, net_arch: Any, **more: Any) -> dict[str, Any]:
    eyes = {"cnn": config.cnn, "normalize": config.normalize_obs, "zoom": config.zoom}
    return {
        "policy_kwargs": {
            "net_arch": net_arch,
            "activation_fn": torch.nn.Tanh if config.activation == "tanh" else InplaceReLU,
            "features_extractor_class": Eyes,
            "features_extractor_kwargs": eyes,
            "memory": config.memory or "none",
            "memory_size": config.memory_size,
            **more,
        }
    }


def _ppo_options(config: TrainConfig, budget: Budget) -> dict[str, Any]:
    widths, table = list(config.hidden), dict(vars(config.ppo))
    for name in ("clip_range", "ent_coef"):
        table[name] = Falling(table[name], table.pop(f"final_{name}"), budget)
    fades = Falling(table["teacher_coef"], 0.0, budget, table.pop("teacher_fraction"))
    table["teacher_coef"] = fades if config.teacher else 0.0
    return {**table, **_policy_options(config, {"pi": widths, "vf": widths})}


def _dqn_options(config: TrainConfig, rows: int) -> dict[str, Any]:
    table = dict(vars(config.dqn))
    table["target_update_interval"] = max(table["target_update_interval"], rows)  # counted in steps of all rows
    sequences = {name: table.pop(name) for name in ("burn_in", "sequence")}
    dueling = table.pop("dueling")
    return {
        **table,
        **(sequences if config.recurrent else {}),
        **_policy_options(config, list(config.hidden), dueling=dueling),
    }


def policy_agent(model: BaseAlgorithm, config: TrainConfig, name: str = "policy") -> ModelAgent:
    """The model as its policy file will play, ready to take a seat."""
    return ModelAgent(model, config.obs_spec, name, sampled=config.sampled)
