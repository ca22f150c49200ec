"""Seconds of training until a policy has a stated skill. Matches that find out are not counted as training."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.callbacks import BaseCallback

from ...agents.match import Match
from ...agents.seats import Agent
from ...games.contract import Game
from ..config import TrainConfig
from ..evaluation import play_sides
from ..models import policy_agent
from ..stopping import Stopped
from .measure import Row

SEED = 2_000_003  # far from the seeds that training uses
PAUSE, PAUSE_PART = 1.0, 0.05  # between looks: seconds, or a part of the training so far, whichever is more


@dataclass(frozen=True)
class Goal:
    """A share of matches won against the hardest bot; where one plays alone, of episodes that only the clock ends.

    A draw counts half. `first` matches must reach it, and then `matches` others, from seeds of their own.
    """

    share: float
    opponent: str
    first: int
    matches: int

    @property
    def told(self) -> str:
        what = f"wins against {self.opponent}" if self.opponent else "of episodes to the time limit"
        return f"{self.share:.0%} {what} in {self.matches:,}"

    def measured(self, game: Game, agent: Agent, config: TrainConfig, *, first: bool) -> float:
        """The share that an agent reaches."""
        matches, seed = (self.first, SEED) if first else (self.matches, SEED + 1000)
        if not self.opponent:
            ticks = Match(game, [agent], num_games=matches, seed=seed).play().ticks
            return float(np.mean(ticks >= game.spec.max_ticks))
        part = {"role": config.role, "seats": config.seats}
        points, _ = play_sides(game, agent, self.opponent, matches=matches, seed=seed, **part)  # type: ignore[arg-type]
        return float(points.mean())


def goal_of(config: TrainConfig, game: Game) -> Goal:
    """90% wins, or 95% of episodes; pictures are judged by fewer matches, because they take long to draw and to look at."""
    share, opponent = (0.95, "") if config.seats == 1 else (0.9, game.hardest)
    return Goal(share, opponent, 100, 1000) if config.obs == "features" else Goal(share, opponent, 40, 200)


def seconds_to_skill(model: BaseAlgorithm, config: TrainConfig, game: Game, limit: float) -> Row:
    """Trains until the goal is reached, the config's samples are used up, or `limit` seconds of training have passed."""
    goal = goal_of(config, game)
    looking = UntilSkilled(goal, config, game, limit)
    with suppress(Stopped):
        model.learn(config.total_samples, looking, log_interval=None)  # type: ignore[arg-type]  # None: nothing is logged
        looking.look()
    return {
        "goal": goal.told,
        "seconds": round(looking.trained, 2) if looking.reached else None,
        "trained": round(looking.trained, 2),
        "samples": model.num_timesteps,
        "last": looking.last,
    }


class UntilSkilled(BaseCallback):
    """Plays the goal's matches now and then, and leaves `learn` when it is reached or time is up."""

    def __init__(self, goal: Goal, config: TrainConfig, game: Game, limit: float) -> None:
        super().__init__()
        self._goal, self._config, self._game, self._limit = goal, config, game, limit
        self._paused, self._next = 0.0, PAUSE
        self.reached, self.last, self.trained = False, 0.0, 0.0

    def _on_training_start(self) -> None:
        self._begun = time.perf_counter()

    def _on_step(self) -> bool:
        return True

    def _on_rollout_start(self) -> None:
        self._clock()
        if self.trained >= self._next:
            self.look()
            self._next = self.trained + max(PAUSE, PAUSE_PART * self.trained)
        if self.trained >= self._limit:
            raise Stopped

    def look(self) -> None:
        """Measures the skill while the clock stands still. Raises Stopped where it is enough."""
        self._clock()
        started, agent = time.perf_counter(), policy_agent(self.model, self._config)
        self.last = self._goal.measured(self._game, agent, self._config, first=True)
        if self.last >= self._goal.share:
            self.last = self._goal.measured(self._game, agent, self._config, first=False)
            self.reached = self.last >= self._goal.share
        self._paused += time.perf_counter() - started
        if self.reached:
            raise Stopped

    def _clock(self) -> None:
        self.trained = time.perf_counter() - self._begun - self._paused
