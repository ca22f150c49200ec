"""A task that cannot be done without a memory, and one that only the clock ends."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
import pytest


class Recall(gym.Env[Any, Any]):
    """A sign is shown at first; five steps later it has to be told: 1 for the right answer, -1 for the wrong one."""

    observation_space = gym.spaces.Box(-1, 1, (2,), np.float32)
    action_space = gym.spaces.Discrete(2)

    def reset(self, *, seed: int | None = None, **_: Any) -> Any:
        super().reset(seed=seed)
        self.sign, self.time = int(self.np_random.integers(2)), 0
        return np.array([2 * self.sign - 1, 0], np.float32), {}

    def step(self, action: Any) -> Any:
        self.time += 1
        if self.time <= 5:
            return np.array([0, self.time == 5], np.float32), 0.0, False, False, {}
        return np.zeros(2, np.float32), 1.0 if action == self.sign else -1.0, True, False, {}


class Timed(gym.Env[Any, Any]):
    """Pays 1 a step and goes on for ever; a wrapper stops the clock. So a state is worth 1 / (1 - gamma), wherever it is."""

    observation_space = gym.spaces.Box(-1, 1, (1,), np.float32)
    action_space = gym.spaces.Discrete(2)

    def reset(self, **_: Any) -> Any:
        return np.ones(1, np.float32), {}

    def step(self, action: Any) -> Any:
        return np.ones(1, np.float32), 1.0, False, False, {}


@pytest.fixture
def recall() -> type[Recall]:
    return Recall


@pytest.fixture
def timed() -> type[Timed]:
    return Timed
