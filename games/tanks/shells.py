"""Shells: they fly straight, bounce off walls, and wreck what they hit. Shell i belongs to tank i // SHELLS."""

import numpy as np

from ..contract import CELL, rule
from ..geometry import SINE, TURN
from .driving import RADIUS

SHELLS = 2  # of a tank that fly at once
SHELL_SPEED, SHELL_RADIUS = 72, 36
REACH = RADIUS + SHELL_RADIUS
LEGS = 2  # straight ways of a shell: it bounces between them
FLIGHT = 2 * np.round(SINE * (SHELL_SPEED / 2 / CELL)).astype(np.int64)


@rule
def free_slot(state, tank):
    """A shell of a tank that does not fly; -1 when all do."""
    for shell in range(tank * SHELLS, (tank + 1) * SHELLS):
        if state.legs[shell] == 0:
            return shell
    return -1


@rule
def fire(state, tank):
    """From the tank's middle, so that a gun that touches a wall does not fire through it."""
    shell, heading = free_slot(state, tank), state.heading[tank]
    state.shell_x[shell] = state.x[tank]
    state.shell_y[shell] = state.y[tank]
    state.shell_vx[shell] = FLIGHT[(heading + TURN // 4) % TURN]
    state.shell_vy[shell] = FLIGHT[heading]
    state.legs[shell] = LEGS


@rule
def fly(state, shell):
    before_x, before_y = state.shell_x[shell], state.shell_y[shell]
    x, y = before_x + state.shell_vx[shell], before_y + state.shell_vy[shell]
    bounces = False
    if state.walls[before_y // CELL, x // CELL] != 0:
        x = mirrored(x, state.shell_vx[shell])
        state.shell_vx[shell] = -state.shell_vx[shell]
        bounces = True
    if state.walls[y // CELL, x // CELL] != 0:
        y = mirrored(y, state.shell_vy[shell])
        state.shell_vy[shell] = -state.shell_vy[shell]
        bounces = True
    state.shell_x[shell] = x
    state.shell_y[shell] = y
    state.legs[shell] -= 1 if bounces else 0
    for tank in range(2):
        if hits(state, shell, tank, before_x, before_y):
            state.wreck[tank] = 1
            state.legs[shell] = 0


@rule
def mirrored(place, speed):
    """A place inside of a wall, reflected in the face through which it was entered."""
    face = place // CELL * CELL
    return 2 * (face if speed > 0 else face + CELL) - place


@rule
def hits(state, shell, tank, before_x, before_y):
    """Whether the way of the last tick touches a tank; a shell spares its own until it has bounced."""
    if state.legs[shell] == LEGS and tank == shell // SHELLS:
        return False
    x, y = state.x[tank] - before_x, state.y[tank] - before_y
    near = REACH + SHELL_SPEED
    if abs(x) > near or abs(y) > near:
        return False
    dx, dy = state.shell_x[shell] - before_x, state.shell_y[shell] - before_y
    length = max(dx * dx + dy * dy, 1)  # squared; a bounce may bring a shell back to where it was
    along = min(max(x * dx + y * dy, 0), length)
    off_x, off_y = x * length - along * dx, y * length - along * dy
    return off_x * off_x + off_y * off_y <= REACH * REACH * length * length
