"""What an NPC of Thin Ice perceives and can do. The game and the training share this file, so they cannot disagree."""

import numpy as np
from numpy.typing import NDArray
from pygame import Vector2
from thin_ice import BREATH, FLOE_RADIUS, SLIDE_TIME, Penguin

DECISION_STEPS = 6  # ten decisions a second: nobody's reactions are faster
NAMES = (
    "x", "y", "vx", "vy", "facing_x", "facing_y", "sliding", "breath", "edge", "radius", "other_dx", "other_dy", "other_vx", "other_vy",
    "other_facing_x", "other_facing_y", "other_sliding", "other_breath", "other_edge", "closing",
)  # fmt: skip
TOP_SPEED = 700.0

# What each action means: where to push, and whether to slide.
_WAYS = [Vector2(1, 0).rotate(45 * step) for step in range(8)]
ORDERS = [(Vector2(), False), *((way, False) for way in _WAYS), (Vector2(), True)]
ACTIONS = ("wait", "right", "down_right", "down", "down_left", "left", "up_left", "up", "up_right", "slide")


def observe(own: Penguin, other: Penguin, radius: float) -> NDArray[np.float32]:
    """(20,) float32 in [-1, 1]: what `own` perceives of itself, the floe, and the other. See NAMES.

    Places are shares of the floe, so that a policy also finds its way about on a floe of another size.
    """
    apart, speed = other.place - own.place, other.speed - own.speed
    distance, size = apart.length() or 1.0, max(radius, 1.0)
    seen = (
        own.place.x / size, own.place.y / size, own.speed.x / TOP_SPEED, own.speed.y / TOP_SPEED, own.facing.x, own.facing.y,
        own.sliding / SLIDE_TIME, own.breath / BREATH, (radius - own.place.length()) / FLOE_RADIUS, radius / FLOE_RADIUS,
        apart.x / FLOE_RADIUS, apart.y / FLOE_RADIUS, other.speed.x / TOP_SPEED, other.speed.y / TOP_SPEED,
        other.facing.x, other.facing.y, other.sliding / SLIDE_TIME, other.breath / BREATH,
        (radius - other.place.length()) / FLOE_RADIUS, -speed.dot(apart) / distance / TOP_SPEED,
    )  # fmt: skip
    return np.array(seen, np.float32).clip(-1.0, 1.0)
