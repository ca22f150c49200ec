"""Training: `run(TrainConfig(...))` and `resume(path)` give a `Run`; presets, evaluation. Nothing heavy is imported before it is needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..agents import learners as _learners  # noqa: F401  # says how torch's threads wait, before torch is imported
from ..lazy import lazily

if TYPE_CHECKING:
    from .config import DQNConfig, PoolConfig, PPOConfig, TrainConfig
    from .evaluation import evaluate
    from .populations import resume_populations, train_populations
    from .resuming import resume
    from .run_folder import Run
    from .runner import run

__all__ = [
    "DQNConfig",
    "PPOConfig",
    "PoolConfig",
    "Run",
    "TrainConfig",
    "evaluate",
    "resume",
    "resume_populations",
    "run",
    "train_populations",
]
_PLACES = {
    "DQNConfig": "config",
    "PPOConfig": "config",
    "PoolConfig": "config",
    "Run": "run_folder",
    "TrainConfig": "config",
    "evaluate": "evaluation",
    "resume": "resuming",
    "resume_populations": "populations",
    "run": "runner",
    "train_populations": "populations",
}

__getattr__ = lazily(__name__, _PLACES, "train")
