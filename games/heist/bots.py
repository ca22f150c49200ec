"""Heist's scripted players, for each role. Each sees the features alone, and decides once in four ticks.

easy    the thief takes the shortest way, whoever is there; guards wander from room to room and run after a thief they see
normal  the thief keeps away from the guards it sees; guards make rounds, and follow what they see, hear, and just saw
hard    the thief remembers where guards were, takes detours around them, and sneaks where it might be heard; guards follow a trace
        together: the nearest goes on where the thief went, the others cut off its ways, and rooms that were not looked at come first
"""

from ..contract import record, u8
from .guards import GUARD_MEMORY, easy_guard, hard_guard, normal_guard
from .routes import ROUTES
from .thief import THIEF_MEMORY, easy_thief, hard_thief, normal_thief

MEMORY = record(rng=u8, **ROUTES, **GUARD_MEMORY, **THIEF_MEMORY)
BOTS = {
    "easy": {"thief": easy_thief, "guard": easy_guard},
    "normal": {"thief": normal_thief, "guard": normal_guard},
    "hard": {"thief": hard_thief, "guard": hard_guard},
}
