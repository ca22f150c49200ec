"""One line of `npckit bench learn` in a process of its own, so that its memory is its own: JSON in, one line of JSON out."""

from __future__ import annotations

import json
import os
import sys
import tomllib
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from stable_baselines3.common.base_class import BaseAlgorithm

from ...games.contract import Game
from ..config import TrainConfig, resolved
from ..config_file import from_table
from ..models import Budget, build_env, build_model, use_threads
from ..network_text import describe
from ..usage import gpu_mb, peak_mb
from .gpu import Utilisation
from .lines import OURS
from .measure import Row
from .skill import seconds_to_skill
from .speed import Pace
from .stock import StockSplit, stock_model

COMPILING = 2000  # decisions at most


def main() -> None:
    """Reads an order as `run_line` writes it, and prints what was measured."""
    order = json.load(sys.stdin)
    config, game = resolved(from_table(tomllib.loads(order["config"]), where="the order"))
    config = replace(config, threads=_threads(order["threads"], order["learner"]))
    model = _built(config, game, order["learner"])
    with Utilisation(model.device.type == "cuda") as utilisation:
        if order["skill"]:
            told = seconds_to_skill(model, config, game, order["seconds"])
        else:
            told = _speed(model, order["learner"], order["seconds"])
    print(json.dumps({**told, **_facts(model, config), "gpu_utilisation": utilisation.mean}))


def _threads(count: int, learner: str) -> int:
    """Stock learners run as they come: without what `use_threads` does for torch's memory."""
    count = count or (len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
    if learner == OURS:
        return use_threads(count)
    torch.set_num_threads(count)
    return count


def _built(config: TrainConfig, game: Game, learner: str) -> BaseAlgorithm:
    _compile(config, game)
    env = build_env(config, game)
    return build_model(config, env, Budget(0)) if learner == OURS else stock_model(config, env)


def _compile(config: TrainConfig, game: Game) -> None:
    """Plays a few games until one ends, so that nothing is left to compile when the clock runs."""
    env = build_env(replace(config, num_envs=16), game)
    env.reset()
    for _ in range(COMPILING):
        _, _, dones, infos = env.step(np.zeros(env.num_envs, np.int64))
        if dones.any() and infos[int(dones.argmax())]:
            return


def _speed(model: BaseAlgorithm, learner: str, seconds: float) -> Row:
    split: Any = (lambda: dict(model.split)) if learner == OURS else StockSplit(model).read  # type: ignore[attr-defined]
    pace = Pace(seconds, split)
    pace.time(model)
    return pace.figures


def _facts(model: BaseAlgorithm, config: TrainConfig) -> Row:
    return {
        "network": describe(model)[0],
        "device": str(model.device),
        "threads": config.threads,
        "peak_mb": peak_mb(),
        "gpu_mb": gpu_mb(),
        "torch": torch.__version__,
    }


if __name__ == "__main__":
    main()
