"""A moment of a run between an update and the next rollout: everything that an exact continuation needs, as one nested dict.

Weights and optimiser are not in it, because a model saves them itself; nor is a replay buffer, which has a file of its own.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
import torch

from ..envs.sb3_env import SB3VecEnv
from ..games.snapshot import State
from .models import Budget


class Remembering(Protocol):
    """A callback with something to remember."""

    def state(self) -> State: ...

    def set_state(self, state: State) -> None: ...


class Moment:
    """The parts of a run, to be saved or put back together."""

    def __init__(self, model: Any, env: SB3VecEnv, budget: Budget, callbacks: Mapping[str, Remembering]) -> None:
        self._model, self._env, self._budget, self._callbacks = model, env, budget, callbacks

    def state(self) -> State:
        return {
            "model": self._model.resume_state(),
            "env": self._env.get_state(),
            "callbacks": {name: each.state() for name, each in self._callbacks.items()},
            "generators": generators(self._model),
            "seconds": self._budget.elapsed,
        }

    def set_state(self, state: State) -> None:
        """Puts everything back, the clock and the generators last. Raises UserError where games or seats are not what they were."""
        self._model._last_obs = self._env.set_state(state["env"])
        self._model.set_resume_state(state["model"])
        for name, each in self._callbacks.items():
            each.set_state(state["callbacks"][name])
        self._budget.spent = state["seconds"]
        set_generators(self._model, state["generators"])


def generators(model: Any) -> State:
    """The states of the random generators of Python, NumPy, torch, and of the model's actions."""
    version, numbers, gauss = random.getstate()
    legacy: Any = np.random.get_state(legacy=False)  # noqa: NPY002  # Stable-Baselines3 draws from it
    on_gpu = torch.cuda.get_rng_state_all() if model.device.type == "cuda" else []
    return {
        "python": {"version": version, "numbers": np.array(numbers, np.uint64), "gauss": gauss},
        "numpy": legacy,
        "torch": torch.get_rng_state(),
        "cuda": on_gpu,
        "actions": model.action_space.np_random.bit_generator.state,
    }


def set_generators(model: Any, state: State) -> None:
    """Puts the generators back."""
    python = state["python"]
    random.setstate((python["version"], tuple(python["numbers"].tolist()), python["gauss"]))
    np.random.set_state(state["numpy"])  # noqa: NPY002
    torch.set_rng_state(state["torch"])
    if model.device.type == "cuda" and len(state["cuda"]) == torch.cuda.device_count():
        torch.cuda.set_rng_state_all(state["cuda"])
    model.action_space.np_random.bit_generator.state = state["actions"]
