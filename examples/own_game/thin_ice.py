"""Thin Ice. Two penguins on a floe that melts; who ends up in the sea loses the round. A game of its own: it knows nothing of npckit.

Units: pixels and seconds, x right, y down, (0, 0) in the middle of the floe. Ice is slippery: a penguin pushes itself along, and
cannot stop at once. On its belly it is faster and hits harder, but does not steer, and then it is out of breath for a while.
"""

import random

from pygame import Vector2
from pygame.sprite import Sprite

STEP = 1 / 60  # seconds of one update
FLOE_RADIUS, MELTING = 300.0, 9.0  # pixels a second
ROUNDS_TO_WIN = 3
PUSH, DRAG = 620.0, 1.3  # pixels per second squared; share of the speed that ice takes in a second
SLIDE_SPEED, SLIDE_TIME, BREATH = (
    430.0,
    0.45,
    1.6,
)  # pixels per second more; seconds on the belly; seconds until the next
SLIDE_MASS, BOUNCE = 2.5, 1.1  # of a mass of 1; over 1, for they flap as well


class Penguin(Sprite):
    """One of the two. `facing` is a unit vector; `sliding` and `breath` are seconds that are left."""

    RADIUS = 26.0

    def __init__(self, place: Vector2, facing: Vector2) -> None:
        super().__init__()
        self.place, self.speed, self.facing = Vector2(place), Vector2(), Vector2(facing)
        self.sliding = self.breath = 0.0

    def update(self, push: Vector2, slide: bool) -> None:
        """One step: `push` is where to, of a length up to 1; `slide` goes down on the belly where breath allows it."""
        self.breath = max(self.breath - STEP, 0.0)
        self.sliding = max(self.sliding - STEP, 0.0)
        if self.sliding == 0.0:
            if push:
                self.facing = push.normalize()
            self.speed += push * (PUSH * STEP)
            if slide and self.breath == 0.0:
                self.speed += self.facing * SLIDE_SPEED
                self.sliding, self.breath = SLIDE_TIME, BREATH
        self.speed *= 1 - DRAG * STEP
        self.place += self.speed * STEP

    @property
    def mass(self) -> float:
        return SLIDE_MASS if self.sliding > 0 else 1.0


def bump(one: Penguin, other: Penguin) -> float:
    """Two penguins bounce off each other if they touch; returns how hard, in pixels per second."""
    apart = other.place - one.place
    distance = apart.length()
    overlap = 2 * Penguin.RADIUS - distance
    if overlap <= 0:
        return 0.0
    normal = apart / distance if distance > 0 else Vector2(1, 0)
    total = one.mass + other.mass
    one.place -= normal * (overlap * other.mass / total)
    other.place += normal * (overlap * one.mass / total)
    closing = (one.speed - other.speed).dot(normal)
    if closing <= 0:
        return 0.0
    impulse = (1 + BOUNCE) * closing / total
    one.speed -= normal * (impulse * other.mass)
    other.speed += normal * (impulse * one.mass)
    return closing


class Round:
    """One round: `penguins`, the floe's `radius`, how hard they have just `hit` each other, and who has fallen.

    `loser` is 0 or 1, 2 for both, or None while the round goes on.
    """

    def __init__(self, rng: random.Random) -> None:
        side = Vector2(FLOE_RADIUS * 0.55, 0).rotate(rng.uniform(-60, 60))
        self.penguins = Penguin(-side, side.normalize()), Penguin(side, -side.normalize())
        self.radius, self.time, self.hit = FLOE_RADIUS, 0.0, 0.0
        self.loser: int | None = None

    def update(self, orders: tuple[tuple[Vector2, bool], tuple[Vector2, bool]]) -> None:
        """One step, by what both penguins do: (push, slide) each."""
        for penguin, (push, slide) in zip(self.penguins, orders, strict=True):
            penguin.update(push, slide)
        self.hit = bump(*self.penguins)
        self.time += STEP
        self.radius = max(FLOE_RADIUS - MELTING * self.time, 0.0)
        fallen = [self.has_fallen(penguin) for penguin in self.penguins]
        if any(fallen):
            self.loser = 2 if all(fallen) else fallen.index(True)

    def has_fallen(self, penguin: Penguin) -> bool:
        return penguin.place.length_squared() > self.radius * self.radius
