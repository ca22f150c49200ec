"""Flappy's scripted players. Each sees the features alone, and decides once in four ticks.

easy    beats its wings whenever it is below the middle of the gap ahead, and dozes off every third time
normal  beats them in time to stay in the middle of the gap, but looks neither at its own speed nor at the gap's
hard    works out where it will be after this decision, and where the gap will have drifted to, and beats at the last moment
"""

from ..contract import CELL, record, rule, u8
from ..rng import randint
from .rules import BIRD_HALF, FLAP, GLIDE, GRAVITY, HEIGHT, TOP_DRIFT, TOP_FALL

MEMORY = record(rng=u8)
BIRD_Y, BIRD_VY, RESTING, GATE_X, GAP_TOP, GAP_BOTTOM, GAP_DRIFT = range(7)
DECISION = 4  # ticks
LOW = 15 * CELL // 2  # what normal keeps below itself, and hard
MARGIN = CELL // 2


@rule
def easy(features, mask, memory):
    if randint(memory, 3) == 0:
        return GLIDE
    return FLAP if features[GAP_TOP] + features[GAP_BOTTOM] < 0 else GLIDE


@rule
def normal(features, mask, memory):
    return FLAP if features[GAP_BOTTOM] * HEIGHT < BIRD_HALF + LOW else GLIDE


@rule
def hard(features, mask, memory):
    """Glides as long as the next decision will still be in time to beat."""
    fall = features[BIRD_VY] * TOP_FALL * DECISION + GRAVITY * DECISION * (DECISION - 1) / 2
    floor = features[GAP_BOTTOM] * HEIGHT + min(features[GAP_DRIFT], 0) * TOP_DRIFT * DECISION
    return FLAP if floor - fall < BIRD_HALF + MARGIN else GLIDE
