"""Pong's scripted players. Each sees the features alone, as if it were the left paddle, and decides once in four ticks.

easy    shuffles after the ball once it is near, and its hand slips every third time
normal  follows the ball's height while it comes, and waits in the middle while it goes
hard    waits where the ball will arrive, walls included, and hits it off centre to send it far from the other paddle
"""

from ..contract import f4, i4, record, rule, u8
from ..rng import randint
from .rules import DOWN, HEIGHT, PADDLE_SPEED, REACH, STAY, UP

MEMORY = record(rng=u8, coming=i4, aim=f4)
BALL_X, BALL_Y, BALL_VX, BALL_VY, OWN_Y, OTHER_Y, SERVE_WAIT, ARRIVAL_Y = range(8)
SLACK = 2 * PADDLE_SPEED  # half of what a paddle moves in one decision: closer needs no move


@rule
def easy(features, mask, memory):
    if randint(memory, 3) == 0:
        return randint(memory, 3)
    if features[BALL_VX] > 0 or features[BALL_X] > 0:
        return STAY
    return towards(height(features[BALL_Y]), height(features[OWN_Y]))


@rule
def normal(features, mask, memory):
    target = height(features[BALL_Y]) if features[BALL_VX] < 0 else HEIGHT / 2
    return towards(target, height(features[OWN_Y]))


@rule
def hard(features, mask, memory):
    coming = 1 if features[BALL_VX] < 0 else 0
    if coming == 1 and memory.coming == 0:
        memory.aim = choose_aim(features[OTHER_Y], memory)
    memory.coming = coming
    target = height(features[ARRIVAL_Y]) + memory.aim if coming == 1 else HEIGHT / 2
    return towards(target, height(features[OWN_Y]))


@rule
def choose_aim(other_y, memory):
    """How far above or below the ball to hold the paddle: below it sends the ball up, away from a low opponent."""
    strength = REACH * (2 + randint(memory, 5)) / 8
    return strength if other_y > 0 else -strength


@rule
def height(feature):
    return (feature + 1) * HEIGHT / 2


@rule
def towards(target, own):
    if target < own - SLACK:
        return UP
    return DOWN if target > own + SLACK else STAY
