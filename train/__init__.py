"""Training: `run(TrainConfig(...)) -> Run`, presets, evaluation. Nothing heavy is imported before it is asked for."""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ..errors import missing_extra

if TYPE_CHECKING:
    from .config import DQNConfig, PPOConfig, TrainConfig
    from .evaluation import evaluate
    from .run_folder import Run
    from .runner import run

# Read by torch when it is first imported: threads that wait without sleeping slow a training tenfold on a busy machine.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

__all__ = ["DQNConfig", "PPOConfig", "Run", "TrainConfig", "evaluate", "run"]
_PLACES = {
    "DQNConfig": "config",
    "PPOConfig": "config",
    "Run": "run_folder",
    "TrainConfig": "config",
    "evaluate": "evaluation",
    "run": "runner",
}


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"npckit.train has no {name!r}; it has {', '.join(__all__)}.")
    try:
        return getattr(import_module(f".{_PLACES[name]}", __name__), name)
    except ModuleNotFoundError as error:
        package = (error.name or name).split(".")[0]
        if package == "npckit":
            raise
        raise missing_extra(package, "train") from error
