"""Training: `run(TrainConfig(...))` and `resume(path)` give a `Run`; presets, evaluation. Nothing heavy is imported before it is needed."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ..agents import learners as _learners  # noqa: F401  # says how torch's threads wait, before torch is imported
from ..errors import missing_extra

if TYPE_CHECKING:
    from .config import DQNConfig, PPOConfig, TrainConfig
    from .evaluation import evaluate
    from .resuming import resume
    from .run_folder import Run
    from .runner import run

__all__ = ["DQNConfig", "PPOConfig", "Run", "TrainConfig", "evaluate", "resume", "run"]
_PLACES = {
    "DQNConfig": "config",
    "PPOConfig": "config",
    "Run": "run_folder",
    "TrainConfig": "config",
    "evaluate": "evaluation",
    "resume": "resuming",
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
