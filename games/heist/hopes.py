"""How near a thief is to its goal, as far as it can tell: for training, because a match is decided in its last tick alone."""

import numpy as np

from .names import ALARM, GOALS_AT, WAY
from .setting import JEWEL

FOUND, LIFTED = 0.25, 0.75  # what it is worth to see the jewel far away, and to hold it far from any exit


def hopes(features):
    """Features (rows, n) -> (rows,) from 0, the jewel not seen yet, to 1, at an exit with the jewel."""
    jewel, way = features[:, GOALS_AT + 3 * JEWEL + 2], features[:, WAY + 2]
    is_lifted, is_found = features[:, ALARM] > 0, jewel < 1.0
    near = np.where(is_lifted, 1.0 - way, 1.0 - jewel)
    return np.where(is_lifted, LIFTED + (1 - LIFTED) * near, np.where(is_found, FOUND + (LIFTED - FOUND) * near, 0.0))
