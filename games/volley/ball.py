"""How Volley's ball flies, and what it bounces off."""

from ..contract import rule
from ..geometry import distance, isqrt
from .layout import (
    BALL_R,
    BOUNCE,
    HEAVIER,
    HEAVIEST,
    HIGHEST,
    LOWEST,
    NET_REACH,
    NET_SLIP,
    NET_TOP,
    NET_X,
    REACH,
    TOUCH,
    WIDTH,
)


@rule
def move_ball(state):
    before = side_of_ball(state)
    state.ball_vy += state.gravity
    state.ball_x += state.ball_vx
    state.ball_y += state.ball_vy
    for seat in range(2):
        touch_slime(state, before ^ seat)
    bounce_off_walls(state)
    if state.ball_y >= NET_TOP:
        bounce_off_net(state, before)
    else:
        bounce_off_net_top(state)


@rule
def side_of_ball(state):
    """The seat above whose court the ball is; exactly above the net, whose touch was the last."""
    return state.touched if state.ball_x == NET_X else 0 if state.ball_x < NET_X else 1


@rule
def touch_slime(state, seat):
    """A ball below the base passes under a slime that jumps."""
    dx, dy = state.ball_x - state.slime_x[seat], state.ball_y - state.slime_y[seat]
    if dy >= 0 or dx * dx + dy * dy >= REACH * REACH:
        return
    gap = distance(dx, dy)
    state.ball_x = state.slime_x[seat] + part(dx * REACH, gap)
    state.ball_y = state.slime_y[seat] + part(dy * REACH, gap)
    meeting = -part((state.ball_vx - state.slime_vx[seat]) * dx + (state.ball_vy - state.slime_vy[seat]) * dy, gap)
    if meeting <= 0:
        return
    push = meeting + max(meeting, isqrt(2 * state.gravity * LOWEST))
    state.ball_vx += part(push * dx, gap)
    state.ball_vy += part(push * dy, gap)
    state.touches = state.touches + 1 if state.touched == seat else 1
    state.touched = seat
    state.events |= TOUCH
    grow_heavier(state)
    limit_speed(state)


@rule
def part(amount, whole):
    """A quotient rounded towards zero, so that left and right are alike."""
    return amount // whole if amount >= 0 else -(-amount // whole)


@rule
def grow_heavier(state):
    """Speed grows as the root of the weight: flights stay as high and as wide."""
    if state.gravity < HEAVIEST:
        state.ball_vx += part(state.ball_vx * HEAVIER, 2 * state.gravity)
        state.ball_vy += part(state.ball_vy * HEAVIER, 2 * state.gravity)
        state.gravity += HEAVIER


@rule
def limit_speed(state):
    vx, vy = int(state.ball_vx), int(state.ball_vy)
    speed, most = distance(vx, vy), isqrt(2 * state.gravity * HIGHEST)
    if speed > most:
        state.ball_vx = part(vx * most, speed)
        state.ball_vy = part(vy * most, speed)


@rule
def bounce_off_walls(state):
    x, y = min(max(state.ball_x, BALL_R), WIDTH - BALL_R), max(state.ball_y, BALL_R)
    if state.ball_x != x and (state.ball_vx > 0) == (state.ball_x > x):
        state.ball_vx = -state.ball_vx
        state.events |= BOUNCE
    if state.ball_y != y and state.ball_vy < 0:
        state.ball_vy = -state.ball_vy
        state.events |= BOUNCE
    state.ball_x = x
    state.ball_y = y


@rule
def bounce_off_net(state, side):
    """The net swallows half of the speed; nothing comes through, however fast."""
    into, edge = (1, NET_X - NET_REACH) if side == 0 else (-1, NET_X + NET_REACH)
    if (state.ball_x - edge) * into <= 0:
        return
    state.ball_x = edge
    if state.ball_vx * into > 0:
        state.ball_vx = -part(int(state.ball_vx), 2)
        state.events |= BOUNCE


@rule
def bounce_off_net_top(state):
    """The top is round, and the ball slips off it to the side on which it lies."""
    dx, dy = state.ball_x - NET_X, state.ball_y - NET_TOP
    if dx * dx + dy * dy >= NET_REACH * NET_REACH:
        return
    gap = distance(dx, dy)
    state.ball_x = NET_X + part(dx * NET_REACH, gap)
    state.ball_y = NET_TOP + part(dy * NET_REACH, gap)
    meeting = -part(state.ball_vx * dx + state.ball_vy * dy, gap)
    if meeting > 0:
        state.ball_vx += part(2 * meeting * dx, gap)
        state.ball_vy += part(2 * meeting * dy, gap)
        state.events |= BOUNCE
    away = -1 if side_of_ball(state) == 0 else 1
    state.ball_vx = away * max(away * state.ball_vx, NET_SLIP)
