"""Learners as Stable-Baselines3 citizens: `PPO`, `RecurrentPPO`, `DQN`, `RecurrentDQN`. Loaded when asked for: torch is heavy."""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ...errors import missing_extra

if TYPE_CHECKING:
    from .dqn import DQN
    from .ppo import PPO
    from .recurrent_dqn import RecurrentDQN
    from .recurrent_ppo import RecurrentPPO

# Read by torch when it is first imported. Threads that wait without end slow a training tenfold on a busy machine, and threads
# that sleep at once halve its speed on a quiet one: they wait some microseconds.
if "OMP_WAIT_POLICY" not in os.environ:
    os.environ.setdefault("GOMP_SPINCOUNT", "10000")

__all__ = ["DQN", "PPO", "RecurrentDQN", "RecurrentPPO"]
_PLACES = {"DQN": "dqn", "PPO": "ppo", "RecurrentDQN": "recurrent_dqn", "RecurrentPPO": "recurrent_ppo"}


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"npckit.agents.learners has no {name!r}; it has {', '.join(__all__)}.")
    try:
        return getattr(import_module(f".{_PLACES[name]}", __name__), name)
    except ModuleNotFoundError as error:
        package = (error.name or name).split(".")[0]
        if package == "npckit":
            raise
        raise missing_extra(package, "train") from error
