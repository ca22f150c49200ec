"""Thin Ice as a Gymnasium environment, around the game's own classes. It knows nothing of npckit either: any library can train on it.

The learner is one penguin. The other is played by one of `rivals`, drawn anew for each round; more may be added at any time.
"""

import random
from typing import Any

import gymnasium
import numpy as np
from bots import Player
from gymnasium import spaces
from numpy.typing import NDArray
from senses import ACTIONS, DECISION_STEPS, NAMES, ORDERS, observe
from thin_ice import Round


class ThinIceEnv(gymnasium.Env[NDArray[np.float32], np.int64]):
    """One round an episode. Reward: 1 for a round won, -1 for one lost, 0 where both fall; the floe melts, so it ends."""

    observation_space = spaces.Box(-1.0, 1.0, (len(NAMES),), np.float32)
    action_space = spaces.Discrete(len(ACTIONS))

    def __init__(self, rivals: list[Player]) -> None:
        self.rivals, self._rng = rivals, random.Random()

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.float32], dict[str, Any]]:
        super().reset(seed=seed)
        if seed is not None:
            self._rng.seed(seed)
        self._round, self._rival, self._seat = Round(self._rng), self._rng.choice(self.rivals), self._rng.randrange(2)
        return self._seen_by(self._seat), {}

    def step(self, action: np.int64) -> tuple[NDArray[np.float32], float, bool, bool, dict[str, Any]]:
        """One decision, held as long as the game holds an NPC's: training sees the game as play will."""
        orders = ORDERS[action], ORDERS[self._rival(self._seen_by(1 - self._seat))]
        for _ in range(DECISION_STEPS):
            self._round.update(orders if self._seat == 0 else orders[::-1])
            if self._round.loser is not None:
                break
        loser = self._round.loser
        reward = 0.0 if loser in (None, 2) else -1.0 if loser == self._seat else 1.0
        return self._seen_by(self._seat), reward, loser is not None, False, {}

    def _seen_by(self, seat: int) -> NDArray[np.float32]:
        penguins = self._round.penguins
        return observe(penguins[seat], penguins[1 - seat], self._round.radius)
