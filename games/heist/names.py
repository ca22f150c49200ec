"""What a seat perceives in numbers, by name, and where each part begins. The first part is the same for both roles."""

from .plan import DOORS

SIDES = ("left", "right", "up", "down")
GOAL_NAMES = ("jewel", *(f"exit_{side}" for side in ("up", "down", "left", "right")))
SHARED = (
    "x", "y", "alarm", "time_left",
    *(f"wall_{side}" for side in SIDES),
    *(f"door_{side}_{part}" for side in SIDES for part in ("open", "dx", "dy", "length")),
    *(f"{goal}_{part}" for goal in GOAL_NAMES for part in ("dx", "dy", "length")),
    "way_dx", "way_dy", "way_length",
    "cos", "sin", "straight",
    *(f"door{door}_{part}" for part in ("x", "y", "open") for door in range(DOORS)),
)  # fmt: skip
THIEF_NAMES = (
    *SHARED, "noticed", "loud",
    *(f"guard{i}_{part}" for i in (1, 2, 3) for part in ("seen", "dx", "dy", "cos", "sin")),
)  # fmt: skip
GUARD_NAMES = (
    *SHARED, "is_first", "is_second", "is_third",
    *(f"mate{i}_{part}" for i in (1, 2) for part in ("dx", "dy", "cos", "sin")),
    "thief_seen", "thief_dx", "thief_dy", "thief_cos", "thief_sin", "noise", "noise_dx", "noise_dy",
)  # fmt: skip
X, Y, ALARM, TIME, WALLS, DOORS_HERE, GOALS_AT = 0, 1, 2, 3, 4, 8, 24
WAY = GOALS_AT + 3 * len(GOAL_NAMES)
COS, SIN, STRAIGHT, DOORS_AT = WAY + 3, WAY + 4, WAY + 5, WAY + 6
OWN = DOORS_AT + 3 * DOORS  # where what only one role perceives begins
NOTICED, LOUD, GUARDS_AT = OWN, OWN + 1, OWN + 2
PLACE, MATES_AT, SEEN, NOISE = OWN, OWN + 3, OWN + 11, OWN + 16
