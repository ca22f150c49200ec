"""How Volley's hard player chooses where to stand under the ball: it works out what each place would make of it.

Places are those that it can reach in whole decisions. Units are the rules' own, seen from the left.
"""

from math import sqrt

from ..contract import rule
from .layout import BALL_R, HEAVIEST, HIGHEST, LIGHTEST, LOWEST, NET_TOP, NET_X, REACH, SLIME_SPEED, TOP_SPEED, WIDTH
from .senses import FORESIGHT, LANDING_Y, STRIKE_Y, ticks_to_fall

OTHER_X, STRIKE_X, STRIKE_DX, STRIKE_IN, STRIKE_VX, STRIKE_VY, WEIGHT = 5, 18, 19, 20, 21, 22, 29
STRIDE = 4 * SLIME_SPEED  # in one decision
RISE, RISING = 1500.0, 290.0  # how high a jump meets the ball, and how fast the slime is then
SLOWEST = 100.0  # fall that is reckoned with: a ball below the slime's top does not come down on it
NET_MARGIN = 200  # more than just above the net
FARTHEST = 0.9 * REACH
PLACES = int(2 * FARTHEST / STRIDE) + 1
CAUTION = 0.3  # how much better a smash must look: it misses more easily


@rule
def choose_stride(features):
    """How many strides to the right the best place is, and whether to jump there (1)."""
    best, best_jumps, best_worth = 0, 0, -1000.0
    way, time = features[STRIKE_DX] * WIDTH, features[STRIKE_IN] * FORESIGHT / 4
    first = int((way - FARTHEST) // STRIDE) + 1
    for place in range(2 * PLACES):
        stride, jumps = first + place // 2, place % 2
        offset = way - stride * STRIDE
        if abs(offset) < FARTHEST:
            worth = worth_of(features, offset, jumps) - CAUTION * jumps - max(abs(stride) - time, 0.0)
            if worth > best_worth:
                best, best_jumps, best_worth = stride, jumps, worth
    return best, best_jumps


@rule
def worth_of(features, offset, jumps):
    """Of a hit with the ball so far before the slime's middle: how far out of the other's reach it will land."""
    gravity = LIGHTEST + features[WEIGHT] * (HEAVIEST - LIGHTEST)
    vx, vy = features[STRIKE_VX] * TOP_SPEED, max(features[STRIKE_VY] * TOP_SPEED, SLOWEST)
    lower = REACH - sqrt(REACH * REACH - offset * offset) - RISE * jumps  # than the top of a slime that stands
    offset = min(max(offset + vx * lower / vy, -0.95 * REACH), 0.95 * REACH)
    right, up = offset / REACH, sqrt(1 - offset * offset / REACH / REACH)
    x, y = NET_X + features[STRIKE_X] * NET_X + vx * lower / vy, STRIKE_Y + lower
    meeting = (vy + RISING * jumps) * up - vx * right
    push = meeting + max(meeting, sqrt(2 * gravity * LOWEST))
    vx, vy = vx + push * right, vy - push * up
    slower = min(sqrt(2 * gravity * HIGHEST / (vx * vx + vy * vy + 1.0)), 1.0)
    return worth_of_flight(x, y, vx * slower, vy * slower, gravity, NET_X + features[OTHER_X] * NET_X)


@rule
def worth_of_flight(x, y, vx, vy, gravity, other_x):
    ticks = ticks_to_fall(LANDING_Y - y, vy, gravity)
    to_net = (NET_X - x) / vx if vx > 0 else ticks
    if to_net < ticks and y + vy * to_net + gravity * to_net * to_net / 2 > NET_TOP - BALL_R - NET_MARGIN:
        return -2.0
    place = x + vx * ticks
    if vx <= 0 or place < NET_X:
        return -1.0 + ticks / FORESIGHT  # keeps the ball up, for another try
    if place > WIDTH - BALL_R:
        place = 2 * (WIDTH - BALL_R) - place
    return (abs(place - other_x) - SLIME_SPEED * ticks) / WIDTH
