"""Invaders' bombs: who drops them, and where they end. The lowest bomb comes first."""

from ..contract import rule
from ..rng import randint
from .formation import lowest_in
from .layout import (
    BOMB_H,
    BOMB_W,
    BOMBS,
    CANNON_H,
    CANNON_W,
    CANNON_Y,
    HEIGHT,
    INVADER_H,
    INVADER_W,
    NONE,
    PITCH_X,
    PITCH_Y,
    SHOT_H,
)
from .shields import hits_shield

FALL, FALL_FASTER, TOP_FALL = 104, 16, 216  # a tick, by wave
FEWEST = 4  # at a time, in the first wave
RARELY, OFTENER, OFTEN = 24, 4, 6  # ticks from bomb to bomb, by wave
AIMED = 2  # one in so many comes from above the cannon
REACH = (CANNON_W + BOMB_W) // 2


@rule
def fall_speed(state):
    return min(FALL + state.wave * FALL_FASTER, TOP_FALL)


@rule
def drop_bombs(state):
    state.bomb_in -= 1
    if state.bomb_in > 0:
        return
    often = max(RARELY - state.wave * OFTENER, OFTEN)
    state.bomb_in = often + randint(state, often)
    if state.bombs < min(FEWEST + state.wave, BOMBS):
        drop_bomb(state, choose_column(state))


@rule
def choose_column(state):
    """The column nearest to the cannon, or any: the next that stands."""
    if randint(state, AIMED) == 0:
        column = (state.cannon_x - state.formation_x - INVADER_W // 2 + PITCH_X // 2) // PITCH_X
        column = min(max(column, state.first), state.last)
    else:
        column = state.first + randint(state, state.last - state.first + 1)
    while lowest_in(state, column) == NONE:
        column = column + 1 if column < state.last else state.first
    return column


@rule
def drop_bomb(state, column):
    """From the lowest invader of a column, to its place among the others."""
    x = state.formation_x + column * PITCH_X + INVADER_W // 2
    y = state.formation_y + lowest_in(state, column) * PITCH_Y + INVADER_H
    i = state.bombs
    while i > 0 and state.bomb_y[i - 1] < y:
        state.bomb_x[i] = state.bomb_x[i - 1]
        state.bomb_y[i] = state.bomb_y[i - 1]
        i -= 1
    state.bomb_x[i] = x
    state.bomb_y[i] = y
    state.bombs += 1


@rule
def move_bombs(state):
    """True when one hits the cannon. Places are those of the lower ends."""
    kept, speed, hit = 0, fall_speed(state), False
    for i in range(state.bombs):
        x, y = int(state.bomb_x[i]), state.bomb_y[i] + speed
        if y > CANNON_Y and y - BOMB_H < CANNON_Y + CANNON_H and abs(x - state.cannon_x) < REACH:
            hit = True
        elif y < HEIGHT and not hits_shield(state, x, y) and not meets_shot(state, x, y):
            state.bomb_x[kept] = x
            state.bomb_y[kept] = y
            kept += 1
    for i in range(kept, state.bombs):
        state.bomb_x[i] = 0
        state.bomb_y[i] = 0
    state.bombs = kept
    return hit


@rule
def meets_shot(state, x, y):
    """A bomb and a shot that meet are both gone."""
    if state.shot_y == NONE or abs(state.shot_x - x) > BOMB_W or state.shot_y > y or state.shot_y + SHOT_H < y - BOMB_H:
        return False
    state.shot_y = NONE
    return True
