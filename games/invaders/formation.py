"""Invaders' formation: how it marches, and who is hit. `first` and `last` are its outermost standing columns, `lowest` its
lowest standing row, `standing` how many are left.
"""

from ..contract import rule
from .layout import (
    COLUMNS,
    DESCENT,
    FORMATION_X,
    FORMATION_Y,
    HIT,
    INVADER_H,
    INVADER_W,
    MARGIN,
    NONE,
    PITCH_X,
    PITCH_Y,
    ROWS,
    STEP,
    STRIDE,
    WIDTH,
    WORTH,
)
from .shields import trample_shields

WHOLE_ROW = (1 << COLUMNS) - 1
SLOWEST, FASTER, QUICKEST = 24, 3, 10  # ticks from step to step of a whole formation, by wave
HASTE = 3  # ticks from step to step of the last invader
LOWER, LOWEST = 2 * PITCH_Y // 4, 5  # each wave begins lower, so many times


@rule
def line_up(state):
    """A new formation."""
    for row in range(ROWS):
        state.rows[row] = WHOLE_ROW
    state.standing = ROWS * COLUMNS
    state.formation_x = FORMATION_X
    state.formation_y = FORMATION_Y + min(state.wave, LOWEST) * LOWER
    state.direction = 1
    measure(state)
    state.march_in = march_period(state)


@rule
def measure(state):
    """After an invader has fallen."""
    union = 0
    for row in range(ROWS):
        union |= state.rows[row]
        if state.rows[row] != 0:
            state.lowest = row
    state.first = 0
    while state.first < COLUMNS - 1 and (union >> state.first) & 1 == 0:
        state.first += 1
    state.last = COLUMNS - 1
    while state.last > 0 and (union >> state.last) & 1 == 0:
        state.last -= 1


@rule
def march_period(state):
    slowest = max(SLOWEST - state.wave * FASTER, QUICKEST)
    return HASTE + (slowest - HASTE) * state.standing // (ROWS * COLUMNS)


@rule
def march(state):
    state.march_in -= 1
    if state.march_in > 0:
        return
    state.march_in = march_period(state)
    state.steps += 1
    state.events |= STEP
    left = state.formation_x + state.first * PITCH_X
    right = state.formation_x + state.last * PITCH_X + INVADER_W
    if (state.direction > 0 and right + STRIDE > WIDTH - MARGIN) or (state.direction < 0 and left - STRIDE < MARGIN):
        state.direction = -state.direction
        state.formation_y += DESCENT
        trample_shields(state)
    else:
        state.formation_x += state.direction * STRIDE


@rule
def hits_invader(state, x, y, rewards):
    """Whether an invader stands at a place; it falls then."""
    x -= state.formation_x
    y -= state.formation_y
    row, column = y // PITCH_Y, x // PITCH_X
    if (
        row < 0
        or row >= ROWS
        or column < 0
        or column >= COLUMNS
        or x % PITCH_X >= INVADER_W
        or y % PITCH_Y >= INVADER_H
    ):
        return False
    if (state.rows[row] >> column) & 1 == 0:
        return False
    state.rows[row] ^= 1 << column
    state.standing -= 1
    state.score += WORTH[row]
    rewards[0] += WORTH[row]
    state.events |= HIT
    measure(state)
    return True


@rule
def lowest_in(state, column):
    """The row of the lowest invader in a column; NONE where all have fallen."""
    for row in range(ROWS - 1, -1, -1):
        if (state.rows[row] >> column) & 1 == 1:
            return row
    return NONE
