"""Whole-number geometry for rules: roots, angles and lines of sight, equal on every machine, interpreted or compiled.

Angles count 256 to the turn: 0 points right (x), 64 down (y), 128 left, 192 up. Sines are in 1/256.
"""

from math import sqrt

import numpy as np

from .contract import CELL, rule

TURN = 256
SINE = np.round(CELL * np.sin(np.arange(TURN) * 2 * np.pi / TURN)).astype(np.int64)
ARC = np.round(np.arctan(np.arange(CELL + 1) / CELL) * TURN / (2 * np.pi)).astype(np.int64)  # of a slope in 1/256


@rule
def isqrt(n):
    """The whole part of the square root of 0 to 2**52, where float64 roots are exact."""
    return int(sqrt(n))


@rule
def distance(dx, dy):
    """Of two places so far apart, rounded down."""
    return isqrt(dx * dx + dy * dy)


@rule
def sine(angle):
    return int(SINE[angle % TURN])


@rule
def cosine(angle):
    return int(SINE[(angle + TURN // 4) % TURN])


@rule
def angle_of(dx, dy):
    """The angle of a direction, 0 to 255; of none, 0."""
    x, y = abs(dx), abs(dy)
    if x == 0 and y == 0:
        return 0
    angle = int(ARC[y * CELL // x]) if y <= x else TURN // 4 - int(ARC[x * CELL // y])
    if dx < 0:
        angle = TURN // 2 - angle
    return (TURN - angle) % TURN if dy < 0 else angle


@rule
def turn_between(angle, other):
    """The shortest turn from an angle to another, -128 to 127: positive is clockwise on the screen."""
    return (other - angle + TURN // 2) % TURN - TURN // 2


@rule
def clear_line(walls, x0, y0, x1, y1):
    """Whether no wall lies on the straight line between two places: sight. The same in both directions.

    `walls` (rows, columns) holds 0 for every field cell that is open. The cells of the two places are open; a line through
    the corner of four cells is cut where both cells beside it are walls. After Amanatides and Woo (1987), in whole numbers.
    """
    if x0 > x1 or (x0 == x1 and y0 > y1):
        x0, y0, x1, y1 = x1, y1, x0, y0
    column, row, last_column, last_row = x0 // CELL, y0 // CELL, x1 // CELL, y1 // CELL
    down = 1 if y1 >= y0 else -1
    dx, dy = x1 - x0, abs(y1 - y0)
    to_column = ((column + 1) * CELL - x0) * dy  # how far along the line the next column begins, in 1/(dx dy)
    to_row = ((row + 1) * CELL - y0 if down == 1 else y0 - row * CELL) * dx
    while column != last_column or row != last_row:
        if column == last_column or (row != last_row and to_row < to_column):
            row += down
            to_row += CELL * dx
        elif row == last_row or to_column < to_row:
            column += 1
            to_column += CELL * dy
        else:
            if walls[row + down, column] != 0 and walls[row, column + 1] != 0:
                return False
            row += down
            column += 1
            to_row += CELL * dx
            to_column += CELL * dy
        if walls[row, column] != 0:
            return False
    return True
