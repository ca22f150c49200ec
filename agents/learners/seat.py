"""A Stable-Baselines3 model in a seat: ours with its memory and masks, any other as it predicts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from stable_baselines3.common.base_class import BaseAlgorithm

from ...games.batch import Batch, Rows
from ...games.contract import Game
from ...games.observation import Observer, ObsSpec
from ..seats import Actions, legal_actions
from .learner import Learner


class ModelAgent:
    """A model's policy as an agent: greedy, or `sampled` as while it learns, from random numbers that are the same in every match."""

    def __init__(self, model: BaseAlgorithm, obs: ObsSpec, name: str = "policy", *, sampled: bool = False) -> None:
        self.name, self._model, self._obs, self._sampled = name, model, obs, sampled

    def period(self, game: Game) -> int:
        return game.spec.decision_ticks

    def sit(self, batch: Batch, games: Rows, seats: Rows) -> None:
        self._observer = Observer(batch, self._obs, games, seats)
        self._state: Any = None
        self._draws = 0

    def decide(self, actions: Actions) -> None:
        observer, more = self._observer, dict[str, Any]()
        masks = observer.masks()
        if isinstance(self._model, Learner):
            more = {"action_masks": masks, "episode_start": observer.batch.fresh[observer.games]}
        with self._own_chance():
            seen, greedy = observer.observe(), not self._sampled
            chosen, self._state = self._model.predict(seen, self._state, deterministic=greedy, **more)
        actions[observer.games, observer.seats] = legal_actions(np.asarray(chosen), masks)

    @contextmanager
    def _own_chance(self) -> Iterator[None]:
        """What is drawn meanwhile is taken from no generator that the model learns by."""
        if not self._sampled:
            yield
            return
        with torch.random.fork_rng():
            torch.manual_seed(self._draws)
            self._draws += 1
            yield
