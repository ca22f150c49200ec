"""Volley's scripted players. Each sees the features alone, as if it were the left slime, and decides once in four ticks.

easy    runs under the ball once it is on its side, a little behind it, and stumbles every third time
normal  runs to where the ball will come down, and stands behind it so that it flies over the net
hard    works out from which place under the ball, jumping or not, it would fly farthest out of the other's reach
"""

from ..contract import record, rule, u8
from ..rng import randint
from .aim import choose_stride
from .layout import REACH, SLIME_SPEED, WIDTH
from .rules import JUMP, LEFT, RIGHT, STAY
from .senses import FORESIGHT

MEMORY = record(rng=u8)
OWN_X, BALL_X, BALL_DX, STRIKE_DX, STRIKE_IN, LANDS_HERE = 0, 10, 14, 19, 20, 28
SLACK = 2 * SLIME_SPEED / WIDTH  # half of what a slime runs in one decision: closer needs no step
HOME = -0.5
BEHIND = 0.3 * REACH / WIDTH  # the ball, to send it over the net
CLOSE = 22  # ticks before the ball comes down: time to choose the place
TAKE_OFF = 11  # ticks before the ball would reach a slime that stands


@rule
def easy(features, mask, memory):
    if randint(memory, 3) == 0:
        return randint(memory, 6)
    if features[BALL_X] > 0:
        return STAY
    return towards(features[BALL_DX] - 0.02)


@rule
def normal(features, mask, memory):
    if features[LANDS_HERE] == 0:
        return towards((HOME - features[OWN_X]) / 2)
    return towards(features[STRIKE_DX] - BEHIND)


@rule
def hard(features, mask, memory):
    if features[LANDS_HERE] == 0:
        return towards((HOME - features[OWN_X]) / 2)
    ticks = features[STRIKE_IN] * FORESIGHT
    if ticks > CLOSE:
        return towards(features[STRIKE_DX] - BEHIND)
    stride, jumps = choose_stride(features)
    return stride_towards(stride) + (JUMP if jumps == 1 and ticks < TAKE_OFF else STAY)


@rule
def stride_towards(stride):
    return LEFT if stride < 0 else RIGHT if stride > 0 else STAY


@rule
def towards(way):
    if way < -SLACK:
        return LEFT
    return RIGHT if way > SLACK else STAY
