"""Invaders' picture."""

from ..contract import CELL, rule
from ..frame import BALL, DANGER, FOOD, HUD, OTHER, SELF, WALL, digits, rect, sprite
from .layout import (
    BOMB_H,
    BOMB_W,
    CANNON_H,
    CANNON_W,
    CANNON_Y,
    COLUMNS,
    HEIGHT,
    INVADER_H,
    INVADER_W,
    NONE,
    PITCH_X,
    PITCH_Y,
    ROWS,
    SAUCER_H,
    SAUCER_W,
    SAUCER_Y,
    SHIELD_COLUMNS,
    SHIELD_PITCH,
    SHIELD_ROWS,
    SHIELD_X,
    SHIELD_Y,
    SHIELDS,
    SHOT_H,
    WIDTH,
)

LOOK = 0, 2, 2, 4, 4  # the first of two sprites, by row
CANNON, WRECK, SAUCER = 6, 7, 8  # in SPRITES, as well as LOOK
SHOT_W = CELL // 2
INVADER_TAG, SHIELD_TAG, SHOT_TAG, BOMB_TAG = 20, 100, 10, 1000  # a bomb's is told by its x, which it keeps
ROW_MASK = (1 << SHIELD_COLUMNS) - 1


@rule
def draw(state, seat, frame):
    draw_hud(state, frame)
    rect(frame, WALL, 0, HEIGHT - CELL, WIDTH, CELL, 5)
    for shield in range(SHIELDS):
        draw_shield(int(state.shields[shield]), shield, frame)
    for row in range(ROWS):
        draw_row(int(state.rows[row]), row, state, frame)
    if state.saucer_direction != 0:
        x = state.saucer_x - SAUCER_W // 2
        sprite(frame, FOOD, x, SAUCER_Y, SAUCER_W, SAUCER_H, SAUCER, 6)
    look = WRECK if state.pause > 0 and state.standing < ROWS * COLUMNS else CANNON  # not before a wave
    sprite(frame, SELF, state.cannon_x - CANNON_W // 2, CANNON_Y, CANNON_W, CANNON_H, look, 7)
    if state.shot_y != NONE:
        rect(frame, BALL, state.shot_x - SHOT_W // 2, 0 + state.shot_y, SHOT_W, SHOT_H, SHOT_TAG)
    for i in range(state.bombs):
        x = state.bomb_x[i]
        rect(frame, DANGER, x - BOMB_W // 2, state.bomb_y[i] - BOMB_H, BOMB_W, BOMB_H, BOMB_TAG + x)


@rule
def draw_hud(state, frame):
    digits(frame, HUD, CELL, CELL, 2 * CELL, state.score, 0)
    for life in range(1, state.lives):
        x = WIDTH - 5 * CELL * life
        sprite(frame, HUD, x, CELL, CANNON_W, CANNON_H, CANNON, life)


@rule
def draw_row(bits, row, state, frame):
    """Invaders change their pose with every step."""
    look, y = LOOK[row] + state.steps % 2, state.formation_y + row * PITCH_Y
    for column in range(COLUMNS):
        if (bits >> column) & 1 == 1:
            x, tag = state.formation_x + column * PITCH_X, INVADER_TAG + row * COLUMNS + column
            sprite(frame, OTHER, x, y, INVADER_W, INVADER_H, look, tag)


@rule
def draw_shield(cells, shield, frame):
    """Runs of cells, and equal rows in one."""
    x, row = shield * SHIELD_PITCH + SHIELD_X, 0
    while row < SHIELD_ROWS:
        bits, end = (cells >> (row * SHIELD_COLUMNS)) & ROW_MASK, row + 1
        while end < SHIELD_ROWS and (cells >> (end * SHIELD_COLUMNS)) & ROW_MASK == bits:
            end += 1
        tag = SHIELD_TAG + (shield * SHIELD_ROWS + row) * SHIELD_COLUMNS
        draw_runs(bits, x, SHIELD_Y + row * CELL, (end - row) * CELL, tag, frame)
        row = end


@rule
def draw_runs(bits, x, y, h, tag, frame):
    column = 0
    while column < SHIELD_COLUMNS:
        end = column
        while (bits >> end) & 1 == 1:
            end += 1
        if end > column:
            rect(frame, WALL, x + column * CELL, y, (end - column) * CELL, h, tag + column)
        column = end + 1
