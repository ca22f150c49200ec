"""Learners as Stable-Baselines3 citizens: `PPO`, `RecurrentPPO`, `DQN`, `RecurrentDQN`. Loaded when asked for: torch is heavy."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ...lazy import lazily

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

__getattr__ = lazily(__name__, _PLACES, "train")
