"""Gymnasium spaces of a title's roles."""

from __future__ import annotations

from typing import Any

import numpy as np
from gymnasium import spaces

from ..games.contract import Game
from ..games.observation import ObsSpec, dtype_of, range_of


def observation_space(game: Game, role: str, obs: ObsSpec) -> spaces.Space[Any]:
    """A Box, or a Dict of Boxes for `both`: features float32 in [-1, 1], planes uint8 0/1, pixels uint8 0-255."""
    boxes: dict[str, spaces.Space[Any]] = {part: _box(obs.shape(game, role, part), part) for part in obs.parts}
    return spaces.Dict(boxes) if obs.kind == "both" else boxes[obs.kind]


def action_space(game: Game, role: str) -> spaces.Discrete:
    return spaces.Discrete(len(game.spec.actions_of(role)))


def _box(shape: tuple[int, ...], part: str) -> spaces.Box:
    low, high = range_of(part)
    dtype: Any = dtype_of(part).type
    return spaces.Box(np.array(low, dtype).item(), np.array(high, dtype).item(), shape, dtype)
