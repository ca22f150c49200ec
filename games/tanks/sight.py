"""What a seat perceives: itself, all walls, its own shells, and of the other what it looks at and no wall hides. Onlookers see all."""

import numpy as np

from ..contract import CELL, rule
from ..geometry import SINE, TURN, clear_line
from .shells import SHELLS

NEAR = 3 * CELL
VIEW = TURN // 8  # to either side
COSINE = np.roll(SINE, -TURN // 4)


@rule
def sees_place(state, seat, x, y):
    """A tank looks ahead, 45 degrees to either side, and all around it while that is near. No wall lies between."""
    if seat < 0:
        return True
    dx, dy, heading = x - state.x[seat], y - state.y[seat], state.heading[seat]
    ahead = (dx * int(COSINE[heading]) + dy * int(SINE[heading])) // CELL
    away = dx * dx + dy * dy
    if away > NEAR * NEAR and (ahead < 0 or 2 * ahead * ahead < away):
        return False
    return clear_line(state.walls, state.x[seat], state.y[seat], x, y)


@rule
def sees_tank(state, seat, tank):
    return tank == seat or sees_place(state, seat, state.x[tank], state.y[tank])


@rule
def sees_shell(state, seat, shell):
    """Of shells that fly."""
    if state.legs[shell] == 0:
        return False
    return shell // SHELLS == seat or sees_place(state, seat, state.shell_x[shell], state.shell_y[shell])
