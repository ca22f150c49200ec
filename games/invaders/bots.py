"""Invaders' scripted players. Each sees the features alone, and decides once in four ticks.

easy    runs below the nearest column and fires when no shield is above it, sidesteps late, and its hand slips every fifth time
normal  fires to where the column will be, and sidesteps the bomb that comes next
hard    weighs every place it can reach against all bombs, goes where a shot will meet, and hunts the bonus ship
"""

from ..contract import record, rule, u8
from ..rng import randint
from .aim import choose_goal, choose_place, lead_of
from .layout import CANNON_SPEED, CANNON_W, WIDTH
from .rules import FIRE, LEFT, RIGHT, STAY
from .senses import BOMB_AT, FORESIGHT

MEMORY = record(rng=u8)
COVERED, NEAREST_DX, NEAREST_Y = 7, 17, 18
SLACK = 2 * CANNON_SPEED / WIDTH  # half of what the cannon moves in one decision
AIM = CANNON_W * 3 / 8 / WIDTH  # how far off a shot may be
SOON, NEAR = 24, 0.75 * CANNON_W / WIDTH  # a bomb that is to be dodged: in ticks, and aside


@rule
def easy(features, mask, memory):
    if randint(memory, 5) == 0:
        return randint(memory, 6)
    fire = FIRE if features[COVERED] == 0 else STAY
    return sidestep(features, SOON / 2, features[NEAREST_DX]) + fire


@rule
def normal(features, mask, memory):
    aim = features[NEAREST_DX] + lead_of(features, features[NEAREST_Y])
    return sidestep(features, SOON, aim) + (FIRE if abs(aim) < AIM else STAY)


@rule
def sidestep(features, soon, aim):
    """Away from the lowest bomb when it comes soon and near; else towards an aim."""
    dx = features[BOMB_AT + 1]
    if features[BOMB_AT] > 0 and features[BOMB_AT + 2] * FORESIGHT < soon and abs(dx) < NEAR:
        return LEFT if dx > 0 else RIGHT
    return towards(aim)


@rule
def hard(features, mask, memory):
    goal = choose_goal(features)
    place = choose_place(features, goal)
    fire = FIRE if abs(goal) < AIM else STAY
    return (LEFT if place < 0 else RIGHT if place > 0 else STAY) + fire


@rule
def towards(way):
    if way < -SLACK:
        return LEFT
    return RIGHT if way > SLACK else STAY
