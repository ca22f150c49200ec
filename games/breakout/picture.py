"""Breakout's picture: dear bricks are golden, cheap ones grey."""

from ..contract import CELL, rule
from ..frame import BALL, FOOD, HUD, OTHER, SELF, WALL, digits, disc, rect
from .rules import BALL_SIZE, BRICK_H, BRICK_W, COLUMNS, HALF, PADDLE_H, PADDLE_W, PADDLE_Y, ROWS, WALL_Y, WIDTH

ROW_INK = FOOD, FOOD, OTHER, OTHER, WALL, WALL
GAP = 3 * CELL // 8  # between bricks


@rule
def draw(state, seat, frame):
    digits(frame, HUD, CELL, CELL, 4 * CELL, state.score, 0)
    for life in range(state.lives):
        disc(frame, HUD, WIDTH - (3 + 4 * life) * CELL // 2 - CELL, 3 * CELL, 3 * CELL // 4, 1 + life)
    for row in range(ROWS):
        draw_row(state.bricks[row], row, frame)
    left, top = state.paddle_x - PADDLE_W // 2, PADDLE_Y - PADDLE_H // 2
    rect(frame, SELF, left, top, PADDLE_W, PADDLE_H, 4)
    rect(frame, BALL, state.ball_x - HALF, state.ball_y - HALF, BALL_SIZE, BALL_SIZE, 5)


@rule
def draw_row(bricks, row, frame):
    y = WALL_Y + row * BRICK_H + GAP // 2
    for column in range(COLUMNS):
        if bricks & (1 << column) != 0:
            x, tag = column * BRICK_W + GAP // 2, 6 + row * COLUMNS + column
            rect(frame, ROW_INK[row], x, y, BRICK_W - GAP, BRICK_H - GAP, tag)
