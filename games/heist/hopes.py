"""How well a thief and its guards stand: for training, because a match is decided in its last tick alone."""

import numpy as np

from .names import ALARM, GOALS_AT, GUARD_NAMES, SEEN, WAY, X, Y
from .rules import SPEC
from .setting import JEWEL

FOUND, LIFTED = 0.25, 0.75  # what it is worth to a thief to see the jewel far away, and to hold it far from any exit
NEAR, LOOKS = 0.5, 0.2  # what it is worth to a guard to be where the thief is, and that one of the guards sees it
SHAPE = SPEC.field[1] / SPEC.field[0]


def thief_hopes(features):
    """Features (rows, n) -> (rows,) from 0, the jewel not seen yet, to 1, at an exit with the jewel."""
    jewel, way = features[:, GOALS_AT + 3 * JEWEL + 2], features[:, WAY + 2]
    is_lifted, is_found = features[:, ALARM] > 0, jewel < 1.0
    near = np.where(is_lifted, 1.0 - way, 1.0 - jewel)
    return np.where(is_lifted, LIFTED + (1 - LIFTED) * near, np.where(is_found, FOUND + (LIFTED - FOUND) * near, 0.0))


def guard_hopes(features):
    """Features (rows, n), the thief's behind the own ones -> (rows,): nearness and sight of the thief, less what it has reached."""
    own, thief = features[:, : len(GUARD_NAMES)], features[:, len(GUARD_NAMES) :]
    far = np.hypot(own[:, X] - thief[:, X], (own[:, Y] - thief[:, Y]) * SHAPE) / 2
    return NEAR * np.maximum(1 - far, 0) + LOOKS * own[:, SEEN] - thief_hopes(thief)
