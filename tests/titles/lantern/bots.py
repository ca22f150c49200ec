"""Lantern's scripted players: they walk towards what they see, or wander."""

from npckit.games.contract import record, rule, u8
from npckit.games.rng import randint

from .rules import EAST, NORTH, POUNCE, SOUTH, STAY, WEST

MEMORY = record(rng=u8)


@rule
def wander(features, mask, memory):
    action = randint(memory, 5)
    return action if mask[action] == 1 else STAY


@rule
def gather(features, mask, memory):
    return walk(features[2], features[3], features, mask, memory)


@rule
def hunt(features, mask, memory):
    if mask[POUNCE] == 1 and randint(memory, 4) == 0:
        return POUNCE
    return walk(features[2], features[3], features, mask, memory)


@rule
def walk(dx, dy, features, mask, memory):
    action = EAST if dx > 0 else WEST if dx < 0 else SOUTH if dy > 0 else NORTH if dy < 0 else STAY
    return action if action != STAY and mask[action] == 1 else wander(features, mask, memory)
