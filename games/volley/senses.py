"""What a slime perceives in numbers, as if it played on the left: places, speeds, and where the ball will come down."""

from math import sqrt

from ..contract import rule
from .layout import (
    BALL_R,
    GOAL,
    GROUND,
    HEAVIEST,
    JUMP_SPEED,
    LIGHTEST,
    MOST_TOUCHES,
    NET_REACH,
    NET_TOP,
    NET_X,
    REACH,
    SLIME_SPEED,
    TOP_SPEED,
    WIDTH,
)
from .rules import SERVE_WAIT

STRIKE_Y, LANDING_Y = GROUND - REACH, GROUND - BALL_R  # the ball on top of a slime, and on the ground
LEVELS = STRIKE_Y, LANDING_Y
FORESIGHT = 128  # ticks


@rule
def features(state, seat, out):
    facing = 1 if seat == 0 else -1
    for other in range(2):
        show_slime(state, seat ^ other, facing, 5 * other, out)
    out[10] = facing * (state.ball_x - NET_X) / NET_X
    out[11] = 2 * (GROUND - state.ball_y) / GROUND - 1
    out[12] = facing * state.ball_vx / TOP_SPEED
    out[13] = state.ball_vy / TOP_SPEED
    out[14] = facing * (state.ball_x - state.slime_x[seat]) / WIDTH
    out[15] = (state.ball_y - state.slime_y[seat]) / GROUND
    out[16] = facing * (state.ball_x - state.slime_x[1 - seat]) / WIDTH
    out[17] = (state.ball_y - state.slime_y[1 - seat]) / GROUND
    own_x, ball_x = seen_from(facing, state.slime_x[seat]), seen_from(facing, state.ball_x)
    for level in range(2):
        foresee(ball_x, facing * state.ball_vx, state, LEVELS[level], own_x, 18 + 5 * level, out)
    out[28] = 1.0 if out[23] < 0 else 0.0
    out[29] = (state.gravity - LIGHTEST) / (HEAVIEST - LIGHTEST)
    out[30] = state.wait / SERVE_WAIT
    out[31] = 1.0 if state.touched == seat else -1.0
    out[32] = state.touches / MOST_TOUCHES
    out[33] = state.score[seat] / GOAL
    out[34] = state.score[1 - seat] / GOAL


@rule
def seen_from(facing, x):
    return NET_X + facing * (x - NET_X)


@rule
def show_slime(state, seat, facing, at, out):
    out[at] = facing * (state.slime_x[seat] - NET_X) / NET_X
    out[at + 1] = (GROUND - state.slime_y[seat]) / GROUND
    out[at + 2] = facing * state.slime_vx[seat] / SLIME_SPEED
    out[at + 3] = state.slime_vy[seat] / JUMP_SPEED
    out[at + 4] = 1.0 if state.slime_y[seat] == GROUND else 0.0


@rule
def foresee(x, vx, state, level, own_x, at, out):
    """Where the ball will come down to a level, when and how fast, if no slime touches it before."""
    vy, gravity = state.ball_vy, state.gravity
    ticks = ticks_to_fall(level - state.ball_y, vy, gravity)
    place, turned = place_after(ticks, x, vx, state.ball_y, vy, gravity)
    out[at] = (place - NET_X) / NET_X
    out[at + 1] = (place - own_x) / WIDTH
    out[at + 2] = min((state.wait + ticks) / FORESIGHT, 1.0)
    out[at + 3] = turned / TOP_SPEED
    out[at + 4] = min((vy + gravity * ticks) / TOP_SPEED, 1.0)


@rule
def ticks_to_fall(way, vy, gravity):
    """Down a way, from a speed that may be upwards; 0 when it is below already and will not rise so high."""
    square = vy * vy + 2.0 * gravity * way
    return max((sqrt(max(square, 0.0)) - vy) / gravity, 0.0) if square > 0 else 0.0


@rule
def place_after(ticks, x, vx, y, vy, gravity):
    """Where along x the ball will be, and how fast: off the walls, and off the net where it flies too low to cross it."""
    low, high = BALL_R, WIDTH - BALL_R
    to_net = (NET_X - x) / vx if vx != 0 else -1.0
    if 0 < to_net < ticks and y + vy * to_net + gravity * to_net * to_net / 2 > NET_TOP:
        if vx > 0:
            high = NET_X - NET_REACH
        else:
            low = NET_X + NET_REACH
    span, way = high - low, x + vx * ticks - low
    there = way % (2.0 * span)
    if there > span:
        return low + 2.0 * span - there, -1.0 * vx
    return low + there, 1.0 * vx
