"""How bodies move among walls: along each axis in turn, sliding, and helped round a corner that half of them would pass."""

import numpy as np

from ..contract import CELL, rule
from .plan import COLUMNS, ROWS

WIDTH, HEIGHT = COLUMNS * CELL, ROWS * CELL
HALF = 96
SLANT = 181  # of 256: what a diagonal step is along each axis
STAY, WAYS = 0, 9  # stay and eight directions
STEP_X = np.array((0, 0, 0, -1, 1, -1, 1, -1, 1), np.int64)
STEP_Y = np.array((0, -1, 1, 0, 0, -1, -1, 1, 1), np.int64)
ANGLE = np.array((0, 192, 64, 128, 0, 160, 224, 96, 32), np.int64)


@rule
def walk(state, seat, way, speed):
    dx, dy = int(STEP_X[way]), int(STEP_Y[way])
    pace = speed * SLANT // 256 if dx != 0 and dy != 0 else speed
    if dx != 0:
        walk_along_x(state, seat, dx, pace, dy == 0)
    if dy != 0:
        walk_along_y(state, seat, dy, pace, dx == 0)


@rule
def walk_along_x(state, seat, side, pace, may_slip):
    x, y = state.x[seat], state.y[seat]
    goal = min(max(x + side * pace, HALF), WIDTH - HALF)
    before, column = face(x, side) // CELL, face(goal, side) // CELL
    if column != before:
        top, bottom = (y - HALF) // CELL, (y + HALF - 1) // CELL
        above, below = state.walls[top, column] != 0, state.walls[bottom, column] != 0
        if above or below:
            goal = column * CELL - HALF if side > 0 else (column + 1) * CELL + HALF
        if may_slip and above != below:
            state.y[seat] = slip(y, bottom * CELL, pace, above)
    state.x[seat] = goal


@rule
def walk_along_y(state, seat, side, pace, may_slip):
    x, y = state.x[seat], state.y[seat]
    goal = min(max(y + side * pace, HALF), HEIGHT - HALF)
    before, row = face(y, side) // CELL, face(goal, side) // CELL
    if row != before:
        left, right = (x - HALF) // CELL, (x + HALF - 1) // CELL
        before_it, behind = state.walls[row, left] != 0, state.walls[row, right] != 0
        if before_it or behind:
            goal = row * CELL - HALF if side > 0 else (row + 1) * CELL + HALF
        if may_slip and before_it != behind:
            state.x[seat] = slip(x, right * CELL, pace, before_it)
    state.y[seat] = goal


@rule
def face(middle, side):
    """The outermost sub-pixel of a body on a side."""
    return middle + HALF - 1 if side > 0 else middle - HALF


@rule
def slip(middle, border, pace, is_low_blocked):
    """Past a corner at `border`: at most until the body has passed it."""
    return min(middle + pace, border + HALF) if is_low_blocked else max(middle - pace, border - HALF)
