"""A Stable-Baselines3 model in a seat: ours with its memory and masks, any other as it predicts."""

from __future__ import annotations

from typing import Any

import numpy as np
from stable_baselines3.common.base_class import BaseAlgorithm

from ...games.batch import Batch, Rows
from ...games.contract import Game
from ...games.observation import Observer, ObsSpec
from ..seats import Actions, legal_actions
from .learner import Learner


class ModelAgent:
    """A model's greedy policy as an agent."""

    def __init__(self, model: BaseAlgorithm, obs: ObsSpec, name: str = "policy") -> None:
        self.name, self._model, self._obs = name, model, obs

    def period(self, game: Game) -> int:
        return game.spec.decision_ticks

    def sit(self, batch: Batch, games: Rows, seats: Rows) -> None:
        self._observer = Observer(batch, self._obs, games, seats)
        self._state: Any = None

    def decide(self, actions: Actions) -> None:
        observer, more = self._observer, dict[str, Any]()
        masks = observer.masks()
        if isinstance(self._model, Learner):
            more = {"action_masks": masks, "episode_start": observer.batch.fresh[observer.games]}
        chosen, self._state = self._model.predict(observer.observe(), self._state, deterministic=True, **more)
        actions[observer.games, observer.seats] = legal_actions(np.asarray(chosen), masks)
