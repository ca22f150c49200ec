"""Invaders' shields: what crumbles."""

from ..contract import CELL, rule
from ..rng import randint
from .layout import (
    CRUMBLE,
    INVADER_H,
    PITCH_Y,
    SHIELD_COLUMNS,
    SHIELD_PITCH,
    SHIELD_ROWS,
    SHIELD_X,
    SHIELD_Y,
    SHIELDS,
)

SHAPE = (
    ".####.",
    "######",
    "######",
    "##..##",
)
WHOLE = sum(1 << bit for bit, mark in enumerate("".join(SHAPE)) if mark == "#")
SPREAD = 3  # one in so many neighbours crumbles with a cell

SIDE_X, SIDE_Y = (-1, 1, 0, 0), (0, 0, -1, 1)


@rule
def build_shields(state):
    for shield in range(SHIELDS):
        state.shields[shield] = WHOLE


@rule
def shield_row(y):
    """The row of shield cells at a height; out of range where there is none."""
    return (y - SHIELD_Y) // CELL


@rule
def shield_column(x):
    """The column within the shield of a zone; out of range between the shields."""
    return (x % SHIELD_PITCH - SHIELD_X) // CELL


@rule
def hits_shield(state, x, y):
    """Whether a cell stands at a place; it crumbles then, and some of its neighbours with it."""
    row, column, shield = shield_row(y), shield_column(x), x // SHIELD_PITCH
    if row < 0 or row >= SHIELD_ROWS or column < 0 or column >= SHIELD_COLUMNS:
        return False
    cell = row * SHIELD_COLUMNS + column
    if (state.shields[shield] >> cell) & 1 == 0:
        return False
    gone = 1 << cell
    for side in range(4):
        near_row, near_column = row + SIDE_Y[side], column + SIDE_X[side]
        inside = 0 <= near_row < SHIELD_ROWS and 0 <= near_column < SHIELD_COLUMNS
        if inside and randint(state, SPREAD) == 0:
            gone |= 1 << (near_row * SHIELD_COLUMNS + near_column)
    state.shields[shield] &= ~gone
    state.events |= CRUMBLE
    return True


@rule
def trample_shields(state):
    """Rows of shield cells that invaders have come down to are gone."""
    bottom = state.formation_y + state.lowest * PITCH_Y + INVADER_H
    rows = min(max(shield_row(bottom - 1) + 1, 0), SHIELD_ROWS)
    gone = (1 << (rows * SHIELD_COLUMNS)) - 1
    for shield in range(SHIELDS):
        state.shields[shield] &= ~gone
