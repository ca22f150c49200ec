"""How tanks turn and drive: discs that slide along walls and stop at each other."""

import numpy as np

from ..contract import CELL, rule
from ..geometry import SINE, TURN, isqrt

RADIUS = 177  # odd, so that a tank at a wall has an odd place
SPEED, BACK_SPEED = 24, 16
NEAREST = 4 * RADIUS * RADIUS  # squared, between the middles of two tanks
TOP_TURN, WARM_UP = 4, 4  # angles a tick; ticks of turning until it turns faster by one
TOP_SPIN = WARM_UP * (TOP_TURN - 1)
AHEAD = 2 * np.round(SINE * (SPEED / 2 / CELL)).astype(np.int64)  # along y at an angle; along x a quarter turn later
ASTERN = -2 * np.round(SINE * (BACK_SPEED / 2 / CELL)).astype(np.int64)


@rule
def turn_tank(state, tank, turn):
    """Not at all, left or right."""
    if turn == 0:
        state.spin[tank] = 0
        return
    sign = 2 * turn - 3
    spin = max(state.spin[tank] * sign, 0)
    state.heading[tank] = (state.heading[tank] + sign * (1 + spin // WARM_UP)) % TURN
    state.spin[tank] = sign * min(spin + 1, TOP_SPIN)


@rule
def move_tanks(state, first, second):
    """Both at once; a move that brings a tank into the other is not made."""
    set_off(state, 0, first)
    set_off(state, 1, second)
    stopped0, stopped1 = bumps(state, 0), bumps(state, 1)
    if not stopped0 and not stopped1 and first + second > 0:
        stopped0 = gap(state, state.move_x[0] - state.move_x[1], state.move_y[0] - state.move_y[1]) < NEAREST
        stopped1 = stopped0
    arrive(state, 0, stopped0)
    arrive(state, 1, stopped1)


@rule
def set_off(state, tank, drive):
    """Sets the move that a tank would make were it alone: not at all, forwards or back."""
    if drive == 0:
        state.move_x[tank] = 0
        state.move_y[tank] = 0
        return
    heading = state.heading[tank]
    across = (heading + TURN // 4) % TURN
    dx, dy = (AHEAD[across], AHEAD[heading]) if drive == 1 else (ASTERN[across], ASTERN[heading])
    x, y = keep_off_faces(state.walls, state.x[tank] + dx, state.y[tank] + dy)
    x, y = keep_off_corners(state.walls, x, y)
    state.move_x[tank] = x - state.x[tank]
    state.move_y[tank] = y - state.y[tank]


@rule
def keep_off_faces(walls, x, y):
    """Moves a disc out of the walls straight beside it."""
    row, left, right = y // CELL, (x - RADIUS) // CELL, (x + RADIUS) // CELL
    if walls[row, left] != 0:
        x = (left + 1) * CELL + RADIUS
    elif walls[row, right] != 0:
        x = right * CELL - RADIUS
    column, top, bottom = x // CELL, (y - RADIUS) // CELL, (y + RADIUS) // CELL
    if walls[top, column] != 0:
        y = (top + 1) * CELL + RADIUS
    elif walls[bottom, column] != 0:
        y = bottom * CELL - RADIUS
    return x, y


@rule
def keep_off_corners(walls, x, y):
    """Moves a disc away from the corners of walls, along the line from the corner to its middle."""
    for corner in range(4):
        is_right, is_low = corner % 2, corner // 2
        column, row = (x + (2 * is_right - 1) * RADIUS) // CELL, (y + (2 * is_low - 1) * RADIUS) // CELL
        if walls[row, column] != 0:
            x, y = keep_off(x, y, (column + 1 - is_right) * CELL, (row + 1 - is_low) * CELL)
    return x, y


@rule
def keep_off(x, y, corner_x, corner_y):
    dx, dy = x - corner_x, y - corner_y
    distance = isqrt(dx * dx + dy * dy)
    if distance >= RADIUS:
        return x, y
    return corner_x + stretched(dx, distance), corner_y + stretched(dy, distance)


@rule
def stretched(length, distance):
    """So much of a line that it becomes as long as the radius; odd, and rounded up."""
    far = (abs(length) * RADIUS + distance - 1) // distance | 1
    return far if length > 0 else -far


@rule
def bumps(state, tank):
    """Whether a move would bring a tank nearer to the other than they may come."""
    dx, dy = state.move_x[tank], state.move_y[tank]
    sign = 1 - 2 * tank
    return gap(state, sign * dx, sign * dy) < NEAREST


@rule
def gap(state, dx, dy):
    """The square of the distance between the tanks, were the first one farther by so much."""
    x, y = state.x[0] + dx - state.x[1], state.y[0] + dy - state.y[1]
    return x * x + y * y


@rule
def arrive(state, tank, is_stopped):
    if is_stopped:
        state.move_x[tank] = 0
        state.move_y[tank] = 0
    state.x[tank] += state.move_x[tank]
    state.y[tank] += state.move_y[tank]
