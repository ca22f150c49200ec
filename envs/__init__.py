"""Environments over one rules core. Importing this registers every title with Gymnasium, as `npckit/Pong-v1`.

gymnasium.make("npckit/Pong-v1", obs="planes", opponent="hard")
gymnasium.make_vec("npckit/Pong-v1", num_envs=1024)
npckit.envs.SB3VecEnv("pong", 256, opponent="learner")
npckit.envs.parallel_env("pong")
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ..errors import missing_extra
from .registration import register_titles

if TYPE_CHECKING:
    from .gym_env import GameEnv as GameEnv
    from .pettingzoo_env import parallel_env as parallel_env
    from .sb3_env import SB3VecEnv as SB3VecEnv
    from .vector_env import GameVectorEnv as GameVectorEnv

_LAZY = {  # name: (module, what it needs, the extra that brings it)
    "GameEnv": ("gym_env", "gymnasium", "envs"),
    "GameVectorEnv": ("vector_env", "gymnasium", "envs"),
    "parallel_env": ("pettingzoo_env", "pettingzoo", "envs"),
    "SB3VecEnv": ("sb3_env", "stable_baselines3", "train"),
}

register_titles()


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, package, extra = _LAZY[name]
    try:
        return getattr(import_module(f".{module}", __name__), name)
    except ModuleNotFoundError as error:
        if error.name != package:
            raise
        raise missing_extra(package, extra) from None
