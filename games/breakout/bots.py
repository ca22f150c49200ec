"""Breakout's scripted players. Each sees the features alone, and decides once in four ticks.

easy    shuffles after the ball once it has come near, and its hand slips every third time
normal  follows the ball wherever it goes
hard    works out where the ball will arrive, walls included, and hits it off centre towards a brick that still stands
"""

from ..contract import f4, i4, record, rule, u8
from ..rng import randint
from .rules import (
    BRICK_H,
    BRICK_W,
    COLUMNS,
    FACE,
    FLATTEST,
    HALF,
    HEIGHT,
    LEFT,
    PADDLE_SPEED,
    REACH,
    RIGHT,
    ROWS,
    STAY,
    TOP_SPEED,
    TOP_VX,
    WALL_Y,
    WIDTH,
)  # fmt: skip

MEMORY = record(rng=u8, falling=i4, brick=i4, aim=f4)
BALL_X, BALL_Y, BALL_VX, BALL_VY, PADDLE_X, WAIT, LIVES_LEFT, SPEED, BRICKS = range(9)
SLACK = 2 * PADDLE_SPEED  # half of what the paddle moves in one decision: closer needs no move


@rule
def easy(features, mask, memory):
    if randint(memory, 3) == 0:
        return randint(memory, 3)
    if features[BALL_VY] < 0 or features[BALL_Y] < 0:
        return STAY
    return towards(across(features[BALL_X]), across(features[PADDLE_X]))


@rule
def normal(features, mask, memory):
    return towards(across(features[BALL_X]), across(features[PADDLE_X]))


@rule
def hard(features, mask, memory):
    falling = 1 if features[BALL_VY] > 0 else 0
    if falling == 1 and memory.falling == 0:
        memory.brick = choose_brick(features, memory)
    memory.falling = falling
    if falling == 0:
        return towards((across(features[BALL_X]) + WIDTH / 2) / 2, across(features[PADDLE_X]))
    x = arrival(features)
    return towards(x - offset_for(x, memory.brick), across(features[PADDLE_X]))


@rule
def choose_brick(features, memory):
    """One of the bricks that stand, the next from a place chosen by chance; any place when none does."""
    brick = randint(memory, ROWS * COLUMNS)
    for _ in range(ROWS * COLUMNS):
        if features[BRICKS + brick] > 0:
            return brick
        brick = (brick + 1) % (ROWS * COLUMNS)
    return brick


@rule
def offset_for(x, brick):
    """How far from the paddle's middle the ball must be hit at x, to fly straight at a brick."""
    target_x = (brick % COLUMNS) * BRICK_W + BRICK_W / 2
    target_y = WALL_Y + (brick // COLUMNS) * BRICK_H + BRICK_H
    slope = (target_x - x) / (FACE - target_y)
    offset = slope * REACH * FLATTEST[1] / FLATTEST[0]
    return min(max(offset, -REACH * 0.6), REACH * 0.6)


@rule
def arrival(features):
    """The x at which the ball will reach the paddle's height, bouncing off the sides on its way."""
    ticks = (FACE - (features[BALL_Y] + 1) * HEIGHT / 2) / (features[BALL_VY] * TOP_SPEED)
    span = WIDTH - 2 * HALF
    x = across(features[BALL_X]) + features[BALL_VX] * TOP_VX * max(ticks, 0.0) - HALF
    x = abs(x) % (2 * span)
    return HALF + (2 * span - x if x > span else x)


@rule
def across(feature):
    return (feature + 1) * WIDTH / 2


@rule
def towards(target, own):
    if target < own - SLACK:
        return LEFT
    return RIGHT if target > own + SLACK else STAY
