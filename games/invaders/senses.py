"""What the cannon perceives in numbers; places as seen from it where that says more."""

from ..contract import rule
from .bombs import TOP_FALL, fall_speed
from .formation import SLOWEST, lowest_in, march_period
from .layout import (
    BOMBS,
    CANNON_Y,
    COLUMNS,
    HEIGHT,
    INVADER_H,
    INVADER_W,
    NONE,
    PITCH_X,
    PITCH_Y,
    ROWS,
    SHIELD_COLUMNS,
    SHIELD_PITCH,
    SHIELD_ROWS,
    SHIELDS,
    WIDTH,
)
from .rules import LIVES, PAUSE
from .shields import shield_column

WAVES = 8  # that are told apart
BOMB_AT, INVADER_AT = 23, 23 + 3 * BOMBS
SHIELD_AT = INVADER_AT + ROWS * COLUMNS
FORESIGHT = 128  # ticks
COLUMN_BITS = sum(1 << (SHIELD_COLUMNS * row) for row in range(SHIELD_ROWS))


@rule
def features(state, seat, out):
    flies = state.shot_y != NONE
    out[0] = 2 * state.cannon_x / WIDTH - 1
    out[1] = 1.0 if flies else 0.0
    out[2] = (state.shot_x - state.cannon_x) / WIDTH if flies else 0.0
    out[3] = (CANNON_Y - state.shot_y) / CANNON_Y if flies else 0.0
    out[4] = state.pause / PAUSE
    out[5] = state.lives / LIVES
    out[6] = min(state.wave / WAVES, 1.0)
    out[7] = 1.0 if is_covered(state) else 0.0
    show_formation(state, out)
    show_nearest(state, out)
    there = state.saucer_direction != 0
    out[19] = 1.0 if there else 0.0
    out[20] = (state.saucer_x - state.cannon_x) / (2 * WIDTH) if there else 0.0
    out[21] = state.saucer_direction
    show_bombs(state, out)
    for row in range(ROWS):
        bits = state.rows[row]
        for column in range(COLUMNS):
            out[INVADER_AT + row * COLUMNS + column] = (bits >> column) & 1
    for shield in range(SHIELDS):
        show_shield(int(state.shields[shield]), SHIELD_AT + shield * SHIELD_COLUMNS, out)


@rule
def show_formation(state, out):
    left = state.formation_x + state.first * PITCH_X
    right = state.formation_x + state.last * PITCH_X + INVADER_W
    out[8] = state.formation_x / WIDTH
    out[9] = state.formation_y / HEIGHT
    out[10] = state.direction
    out[11] = march_period(state) / SLOWEST
    out[12] = state.march_in / SLOWEST
    out[13] = (left - state.cannon_x) / WIDTH
    out[14] = (right - state.cannon_x) / WIDTH
    out[15] = min((state.formation_y + state.lowest * PITCH_Y + INVADER_H) / CANNON_Y, 1.0)
    out[16] = state.standing / (ROWS * COLUMNS)


@rule
def show_nearest(state, out):
    """The column that stands nearest to the cannon, and the height of its lowest invader."""
    nearest, height = WIDTH, 0
    for column in range(state.first, state.last + 1):
        row = lowest_in(state, column)
        dx = state.formation_x + column * PITCH_X + INVADER_W // 2 - state.cannon_x
        if row != NONE and abs(dx) < abs(nearest):
            nearest, height = dx, row
    out[17] = nearest / WIDTH
    out[18] = min((state.formation_y + height * PITCH_Y + INVADER_H) / CANNON_Y, 1.0)


@rule
def is_covered(state):
    """Whether a shield cell stands above the cannon's middle."""
    column = shield_column(state.cannon_x)
    if column < 0 or column >= SHIELD_COLUMNS:
        return False
    return state.shields[state.cannon_x // SHIELD_PITCH] & (COLUMN_BITS << column) != 0


@rule
def show_bombs(state, out):
    """The lowest first: how far aside, and when it reaches the cannon's height."""
    speed = fall_speed(state)
    out[22] = speed / TOP_FALL
    for i in range(BOMBS):
        at, there = BOMB_AT + 3 * i, i < state.bombs
        out[at] = 1.0 if there else 0.0
        out[at + 1] = (state.bomb_x[i] - state.cannon_x) / WIDTH if there else 0.0
        out[at + 2] = min((CANNON_Y - state.bomb_y[i]) / (speed * FORESIGHT), 1.0) if there else 0.0


@rule
def show_shield(cells, at, out):
    """What part of each column of cells stands."""
    for column in range(SHIELD_COLUMNS):
        bits = (cells >> column) & COLUMN_BITS
        count = 0
        for row in range(SHIELD_ROWS):
            count += (bits >> (row * SHIELD_COLUMNS)) & 1
        out[at + column] = count / SHIELD_ROWS
