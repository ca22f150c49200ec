"""Heist's scripted players, for each role. Each sees the features alone, and decides once in four ticks.

easy    the thief goes from room to room by chance, and straight to a jewel it sees, whoever is there; guards wander, and run
        after a thief they see when they think of it
normal  the thief looks into the nearest room that it has not seen, and runs from a guard close by; guards make rounds, and go
        where the thief is seen or was just heard
hard    the thief remembers where guards were, takes ways on which it keeps a lead, and sneaks where it might be heard; guards follow
        a trace together: the nearest goes on where the thief went, the others cut off its ways; else they watch rooms long not visited
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
