"""The learners that ours are measured beside: stock Stable-Baselines3 and sb3-contrib, with the same network and settings."""

from __future__ import annotations

from typing import Any

import sb3_contrib
import stable_baselines3
import torch
from stable_baselines3.common.base_class import BaseAlgorithm

from ...agents.learners.networks import Eyes
from ...envs.sb3_env import SB3VecEnv
from ..config import TrainConfig
from ..models import Budget, Falling, device_named
from .measure import Stopwatch

KINDS = {"features": "Mlp", "both": "MultiInput"}
ACTIVATIONS = {"tanh": torch.nn.Tanh, "relu": torch.nn.ReLU}
PPO_SETTINGS = ("n_steps", "batch_size", "n_epochs", "gae_lambda", "clip_range", "ent_coef", "vf_coef", "max_grad_norm")
DQN_SETTINGS = (
    "buffer_size", "batch_size", "learning_starts", "train_freq", "gradient_steps", "exploration_fraction", "exploration_final_eps",
    "n_steps", "max_grad_norm",
)  # fmt: skip


def stock_model(config: TrainConfig, env: SB3VecEnv) -> BaseAlgorithm:
    """The peer of a config's algorithm: equal eyes, layers, batches and updates."""
    build = {"ppo": _ppo, "dqn": _dqn, "recurrent-ppo": _recurrent_ppo}[config.algorithm]
    common: dict[str, Any] = {
        "learning_rate": Falling(config.learning_rate, config.final_learning_rate, Budget(0)),
        "gamma": config.gamma,
        "seed": config.seed,
        "device": device_named(config.device),
    }
    return build(config, env, common)


def _ppo(config: TrainConfig, env: SB3VecEnv, common: dict[str, Any]) -> BaseAlgorithm:
    policy = {**_network(config), "net_arch": _heads(config)}
    settings = {name: getattr(config.ppo, name) for name in PPO_SETTINGS}
    return stable_baselines3.PPO(f"{_kind(config)}Policy", env, policy_kwargs=policy, **settings, **common)


def _recurrent_ppo(config: TrainConfig, env: SB3VecEnv, common: dict[str, Any]) -> BaseAlgorithm:
    """One LSTM for actor and critic, as ours has it."""
    memory = {"lstm_hidden_size": config.memory_size, "shared_lstm": True, "enable_critic_lstm": False}
    policy = {**_network(config), "net_arch": _heads(config), **memory}
    settings = {name: getattr(config.ppo, name) for name in PPO_SETTINGS}
    return sb3_contrib.RecurrentPPO(f"{_kind(config)}LstmPolicy", env, policy_kwargs=policy, **settings, **common)


def _dqn(config: TrainConfig, env: SB3VecEnv, common: dict[str, Any]) -> BaseAlgorithm:
    policy = {**_network(config), "net_arch": list(config.hidden)}
    settings = {name: getattr(config.dqn, name) for name in DQN_SETTINGS}
    interval = max(config.dqn.target_update_interval, env.num_envs)  # in steps of all rows
    options = {**settings, "target_update_interval": interval, **common}
    return stable_baselines3.DQN(f"{_kind(config)}Policy", env, policy_kwargs=policy, **options)


def _kind(config: TrainConfig) -> str:
    return KINDS.get(config.obs, "Cnn")


def _network(config: TrainConfig) -> dict[str, Any]:
    return {
        "features_extractor_class": Eyes,
        "features_extractor_kwargs": {"cnn": config.cnn},
        "activation_fn": ACTIVATIONS[config.activation],
    }


def _heads(config: TrainConfig) -> dict[str, list[int]]:
    return {"pi": list(config.hidden), "vf": list(config.hidden)}


class StockSplit:
    """Where a stock learner's time goes, as ours count it: seconds in `simulate`, `infer` and `learn` so far."""

    def __init__(self, model: BaseAlgorithm) -> None:
        self._watches = {part: Stopwatch() for part in ("simulate", "infer", "learn")}
        self._watches["simulate"].watch(model.env, "step")
        self._watches["learn"].watch(model, "train")
        owner, method = (model.policy, "forward") if hasattr(model, "rollout_buffer") else (model, "_sample_action")
        self._watches["infer"].watch(owner, method)

    def read(self) -> dict[str, float]:
        return {part: watch.seconds for part, watch in self._watches.items()}
