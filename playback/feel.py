"""Sparks and shake: what events do to the picture. Driven by events alone; where they happened is read off the display list.

Sparks are rows of a display list themselves (small discs in the ink of what they fly off), so they are painted like all else.
"""

from __future__ import annotations

from math import cos, sin

import numpy as np
from numpy.typing import NDArray

from ..games.contract import CELL, Spec
from ..games.frame import DISC, HUD, INK, KIND, TAG, B, X, Y
from .effects import Effect, Place, effects_of
from .glide import Shapes, centres, same_things

MOST = 240  # sparks
LIFE = 0.5  # seconds of the longest-lived spark
FLIGHT = 0.22  # of the field's longer side, how far the fastest spark would fly in a second
RADIUS = 0.008  # of the field's longer side, of a new spark
DRAG = 3.0  # part of its speed that a spark loses in a second, to begin with
CALM = 0.12  # seconds in which a shake falls to a third
TURNS = 31.0, 37.0  # radians a second of the shake along x and y
Point = tuple[float, float]


class Feel:
    """The effects of one session. `look` after every tick, `pass_time` before every frame."""

    def __init__(self, spec: Spec) -> None:
        self._effects = effects_of(spec)
        self._side, self._leap = max(spec.field) * CELL, max(spec.field) * CELL / 8
        self._rng = np.random.default_rng(0)
        self.clear()

    def clear(self) -> None:
        self._sparks = np.zeros((0, 6))  # ink, x, y, vx, vy, seconds left
        self._motion: dict[int, Point] = {}  # of every thing in the tick before, by tag
        self._shake = self._time = 0.0

    def look(self, before: Shapes, now: Shapes, events: int) -> Point | None:
        """Takes in a tick: the display lists around it and its events, as bits. Returns where the first of them happened, if that shows."""
        motion = _motions(before, now)
        happened = [effect for bit, effect in enumerate(self._effects) if events >> bit & 1]
        places = {effect.place: self._place(effect.place, before, now, motion) for effect in happened}
        for effect in happened:
            self._shake = max(self._shake, effect.shake)
            for ink, at in places[effect.place]:
                self._burst(effect, ink, at)
        self._motion = motion
        found = [at for effect in happened for _, at in places[effect.place]]
        return found[0] if found else None

    def _place(self, place: Place, before: Shapes, now: Shapes, motion: dict[int, Point]) -> list[tuple[int, Point]]:
        """Ink and centre of what an effect flies off: at most a few things."""
        if place == "turned":
            return self._turned(now, motion)
        shapes, others = (before, now) if place == "gone" else (now, before)
        lost = ~np.isin(shapes[:, TAG], others[:, TAG]) & (shapes[:, INK] != HUD)
        if place == "gone":
            leapt = [tag for tag, moved in motion.items() if max(map(abs, moved)) > self._leap]
            lost |= np.isin(shapes[:, TAG], leapt) & (shapes[:, INK] != HUD)
        rows = shapes[lost][-3:]
        return [(int(row[INK]), at) for row, at in zip(rows, centres(rows), strict=True)]

    def _turned(self, now: Shapes, motion: dict[int, Point]) -> list[tuple[int, Point]]:
        """The thing that was and is on its way, and has changed its course most."""
        best, most = -1, 0.0
        for tag, (dx, dy) in motion.items():
            was = self._motion.get(tag, (0.0, 0.0))
            turned = abs(dx - was[0]) + abs(dy - was[1])
            if any(was) and (dx or dy) and turned > most and max(abs(dx), abs(dy)) <= self._leap:
                best, most = tag, turned
        rows = now[now[:, TAG] == best][:1] if most else now[:0]
        return [(int(row[INK]), at) for row, at in zip(rows, centres(rows), strict=True)]

    def _burst(self, effect: Effect, ink: int, at: Point) -> None:
        count = min(effect.sparks, MOST - len(self._sparks))
        if count <= 0:
            return
        ways = self._rng.uniform(0, 2 * np.pi, count)
        speeds = self._rng.uniform(0.15, 1.0, count) * FLIGHT * self._side * (1 + effect.shake)
        new = np.empty((count, 6))
        new[:, 0], new[:, 1], new[:, 2] = ink, at[0], at[1]
        new[:, 3], new[:, 4] = speeds * np.cos(ways), speeds * np.sin(ways)
        new[:, 5] = self._rng.uniform(0.4, 1.0, count) * LIFE
        self._sparks = np.concatenate([self._sparks, new])

    def pass_time(self, seconds: float) -> None:
        self._time += seconds
        self._shake *= 3 ** (-seconds / CALM)
        sparks = self._sparks
        sparks[:, 1:3] += sparks[:, 3:5] * seconds
        sparks[:, 3:5] *= max(0.0, 1 - DRAG * seconds)
        sparks[:, 5] -= seconds
        self._sparks = sparks[sparks[:, 5] > 0]

    def rows(self) -> NDArray[np.float64]:
        """The sparks as a display list (n, 8); they shrink as they age."""
        rows = np.zeros((len(self._sparks), 8))
        rows[:, KIND], rows[:, INK], rows[:, X : Y + 1], rows[:, TAG] = (
            DISC,
            self._sparks[:, 0],
            self._sparks[:, 1:3],
            -1,
        )
        rows[:, Y + 1 : B + 1] = (RADIUS * self._side * self._sparks[:, 5:6] / LIFE).repeat(2, axis=1)
        return rows

    def shift(self) -> Point:
        """How far the field is shaken now, in cells."""
        return self._shake * sin(TURNS[0] * self._time), self._shake * cos(TURNS[1] * self._time)


def _motions(before: Shapes, now: Shapes) -> dict[int, Point]:
    """How far each thing has moved, by tag."""
    i, j = same_things(before, now)
    moved = (now[j, X : Y + 1] - before[i, X : Y + 1]).tolist()
    return {tag: (dx, dy) for tag, (dx, dy) in zip(now[j, TAG].tolist(), moved, strict=True)}
