"""Matches against chance and every bot while a run goes on, and one of them as an animation."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from stable_baselines3.common.callbacks import BaseCallback

from ..games.contract import Game
from .charts import add_gif, animate, writer_of
from .config import TrainConfig
from .evaluation import Figures, measure, rated, seated, usual_opponents
from .metrics import Metrics
from .models import policy_agent
from .progress import Display, Status

EVALUATION_SEED = 1_000_003  # far from the seeds that training uses


class Evaluation(BaseCallback):
    """Plays against chance and every bot now and then; shows a match as an animation."""

    def __init__(self, config: TrainConfig, game: Game, status: Status, display: Display, metrics: Metrics) -> None:
        super().__init__()
        self._config, self._game, self._status, self._display, self._metrics = config, game, status, display, metrics
        self._next = config.eval_every
        self._part: dict[str, Any] = {"role": config.role, "seats": config.seats}

    def _on_step(self) -> bool:
        return True

    def _on_rollout_start(self) -> None:
        samples = self.model.num_timesteps
        if self._config.eval_every and samples >= self._next:
            self._next = samples + self._config.eval_every
            self.evaluate(self._config.eval_matches)

    def state(self) -> dict[str, Any]:
        """When to play next: plain numbers, for a checkpoint."""
        return {"next": self._next}

    def set_state(self, state: Mapping[str, Any]) -> None:
        self._next = state["next"]

    def evaluate(self, matches: int) -> list[Figures]:
        """Figures against each opponent, shown, and written as points of their curves with those of all others."""
        started, self._status.doing = time.monotonic(), "evaluating"
        self._display.show(self._status)
        agent = policy_agent(self.model, self._config)
        opponents, part = usual_opponents(self._game, self._config.seats), self._part
        figures = [
            measure(self._game, agent, each, matches=matches, seed=EVALUATION_SEED, **part) for each in opponents
        ]
        for each in figures:
            self._record(each)
        if rating := rated(self._game, figures, **part):
            self.logger.record("match/rating", rating.points)
        self._animate(agent, opponents[-1])
        self._status.doing = ""
        self._metrics.paused += time.monotonic() - started
        self._metrics.log()
        self._display.show(self._status)
        return figures

    def _record(self, figures: Figures) -> None:
        name = f"_vs_{figures.opponent}" if figures.opponent else ""
        self.logger.record(f"match/score{name}", figures.score.mean)
        self.logger.record(f"match/perf{name}", figures.perf)
        if figures.win_rate is not None:
            self.logger.record(f"match/win_rate{name}", figures.win_rate.mean)
            self._status.win_rates[figures.opponent] = figures.win_rate.mean

    def _animate(self, agent: Any, opponent: str) -> None:
        side = self._game.spec.sides(self._config.role)[0]
        agents = seated(self._game, agent, opponent, side=side, seats=self._config.seats, seed=EVALUATION_SEED)
        gif = animate(self._game, agents, seed=EVALUATION_SEED)
        tag = f"match/vs_{opponent}" if opponent else "match/alone"
        add_gif(writer_of(self.logger), tag, gif, self.model.num_timesteps)
