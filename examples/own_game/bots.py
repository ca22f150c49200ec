"""Scripted players of Thin Ice: whom the rival first learns against, and whom it is measured by. Each sees what an NPC sees."""

import math
import random
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from senses import ACTIONS, NAMES

Player = Callable[[NDArray[np.float32]], int]  # from what it sees to the number of an action
SEEN = {name: place for place, name in enumerate(NAMES)}
SLIDE = ACTIONS.index("slide")


def towards(dx: float, dy: float) -> int:
    """The action that pushes in the nearest of eight directions.

    >>> ACTIONS[towards(1, 0)], ACTIONS[towards(-2, -2.1)]
    ('right', 'up_left')
    """
    return 1 + round(math.atan2(dy, dx) / (math.pi / 4)) % 8


def wanderer(rng: random.Random) -> Player:
    """Does anything, a while each."""
    doing = [0]

    def act(seen: NDArray[np.float32]) -> int:
        if rng.random() < 0.2:
            doing[0] = rng.randrange(len(ACTIONS))
        return doing[0]

    return act


def keeper(rng: random.Random) -> Player:
    """Stays in the middle, and lets others come."""

    def act(seen: NDArray[np.float32]) -> int:
        x, y, vx, vy = seen[:4]
        return towards(-x - vx, -y - vy) if math.hypot(x + vx, y + vy) > 0.1 else 0

    return act


def charger(rng: random.Random) -> Player:
    """Runs at the other, slides when it is near and ahead, and turns round at the edge."""

    def act(seen: NDArray[np.float32]) -> int:
        x, y, vx, vy, facing_x, facing_y = seen[:6]
        dx, dy = seen[SEEN["other_dx"]], seen[SEEN["other_dy"]]
        if x * vx + y * vy > 0 and seen[SEEN["edge"]] < 0.2 + 0.8 * math.hypot(vx, vy):
            return towards(-x, -y)
        distance = math.hypot(dx, dy) or 1.0
        ahead = (facing_x * dx + facing_y * dy) / distance
        if seen[SEEN["breath"]] == 0 and ahead > 0.9 and distance < 0.6:
            return SLIDE
        return towards(dx, dy)

    return act


BOTS: dict[str, Callable[[random.Random], Player]] = {"wanderer": wanderer, "keeper": keeper, "charger": charger}
