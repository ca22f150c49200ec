"""Paints a display list on a pygame surface at any size, with smooth edges. Needs no display.

pygame's own shapes have hard edges, so each shape is a stamp: drawn four times as large, scaled down, kept. Places are rounded to
quarters of a pixel, which makes sixteen stamps of a thing that moves, and slow motion smooth.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import floor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..games.contract import CELL, Spec
from ..games.frame import BALL, DANGER, DIGITS, DISC, DOME, FOOD, LINE, MATE, OTHER, RECT, SELF
from ..games.raster import FONT
from .palette import RGB, Palette
from .pg import pygame

FINE = 4  # stamps are drawn so many times larger
LARGEST = 2**22  # fine pixels in a stamp; larger shapes are drawn directly, their edges on whole pixels
KEPT = 1024  # stamps
# Corner radius by the shorter side; other inks have square corners, so that tiles make a whole.
ROUND = {SELF: 0.36, MATE: 0.36, OTHER: 0.36, BALL: 0.36, FOOD: 0.45, DANGER: 0.2}
ROUND_AT_MOST = 0.6  # cells
_GLYPHS = [tuple(row.split()[digit] for row in FONT) for digit in range(10)]
Draw = Callable[[pygame.Surface, pygame.Rect, RGB, int], Any]  # surface, box, colour, times larger
Look = tuple[Any, ...]
Point = tuple[float, float]


def fit(field: tuple[int, int], room: pygame.Rect) -> pygame.Rect:
    """The largest rectangle of the field's proportions in the middle of a room.

    >>> fit((64, 48), pygame.Rect(0, 0, 200, 120))
    Rect(20, 0, 160, 120)
    """
    scale = min(room.width / field[0], room.height / field[1])
    area = pygame.Rect(0, 0, max(1, round(field[0] * scale)), max(1, round(field[1] * scale)))
    area.center = room.center
    return area


class Painter:
    """Paints the shapes of one title in one palette."""

    def __init__(self, spec: Spec, palette: Palette) -> None:
        self.spec, self.palette = spec, palette
        self._stamps: dict[Any, pygame.Surface] = {}

    def paint(self, surface: pygame.Surface, shapes: NDArray[Any], area: pygame.Rect) -> None:
        """Paints the field and its shapes, (n, 8) as in games.frame, integer or not, into an area of the surface."""
        before = surface.get_clip()
        surface.set_clip(area.clip(before))
        surface.fill(self.palette.field)
        scale = area.width / (self.spec.field[0] * CELL)
        for row in shapes:
            kind, ink = int(row[0]), int(row[1])
            x, y, a, b = (float(size) * scale for size in row[2:6])
            x, y = x + area.left, y + area.top
            colour = self.palette.inks[ink]
            if kind == LINE:
                self._line(surface, colour, (x, y), (a + area.left, b + area.top), max(float(row[6]) * scale, 1.0))
            elif kind == DIGITS:
                self._digits(surface, colour, x, y, b, int(row[6]))
            else:
                self._box(surface, kind, ink, (x, y, a, b), int(row[6]), scale)
        surface.set_clip(before)

    def _box(
        self, surface: pygame.Surface, kind: int, ink: int, place: tuple[float, ...], value: int, scale: float
    ) -> None:
        x, y, w, h = place
        colour = self.palette.inks[ink]
        if kind == DISC:
            self._stamp(surface, colour, (x - w, y - w, 2 * w, 2 * w), ("disc",), _draw_disc)
        elif kind == DOME:
            self._stamp(surface, colour, (x - w, y - w, 2 * w, w), ("dome",), _draw_dome)
        elif kind == RECT:
            radius = round(min(ROUND.get(ink, 0.0) * min(w, h), ROUND_AT_MOST * CELL * scale), 1)
            self._stamp(surface, colour, (x, y, w, h), ("rect", radius), partial(_draw_rect, radius=radius))
        else:
            rows = self.spec.sprites[value]
            self._stamp(surface, colour, (x, y, w, h), rows, partial(_draw_sprite, rows=rows))

    def _digits(self, surface: pygame.Surface, colour: RGB, x: float, y: float, height: float, number: int) -> None:
        """As games.raster paints them: 3/5 as wide as high, a fifth apart."""
        for place, digit in enumerate(str(number)):
            glyph = _GLYPHS[int(digit)]
            box = (x + place * height * 0.8, y, height * 0.6, height)
            self._stamp(surface, colour, box, glyph, partial(_draw_bitmap, rows=glyph))

    def _line(self, surface: pygame.Surface, colour: RGB, start: Point, end: Point, width: float) -> None:
        left, top = min(start[0], end[0]) - width / 2, min(start[1], end[1]) - width / 2
        box = (left, top, abs(start[0] - end[0]) + width, abs(start[1] - end[1]) + width)
        falls = (start[0] <= end[0]) == (start[1] <= end[1])
        look = ("line", falls, round(width, 1))
        self._stamp(surface, colour, box, look, partial(_draw_line, falls=falls, width=width))

    def _stamp(self, surface: pygame.Surface, colour: RGB, box: tuple[float, ...], look: Look, draw: Draw) -> None:
        """Blits what `draw` draws into a box of x, y, width, height pixels; `look` tells one drawing from another."""
        x, y = (floor(place * FINE + 0.5) for place in box[:2])
        w, h = (max(FINE, round(size * FINE)) for size in box[2:])  # nothing is smaller than a pixel
        if w * h > LARGEST:
            return draw(surface, pygame.Rect(x // FINE, y // FINE, w // FINE, h // FINE), colour, 1)
        key = (colour, look, w, h, x % FINE, y % FINE)
        if key not in self._stamps:
            if len(self._stamps) >= KEPT:
                self._stamps.clear()
            self._stamps[key] = _make_stamp(colour, pygame.Rect(x % FINE, y % FINE, w, h), draw)
        surface.blit(self._stamps[key], (x // FINE, y // FINE))
        return None


def _make_stamp(colour: RGB, box: pygame.Rect, draw: Draw) -> pygame.Surface:
    """A surface of whole pixels with the shape in `box` (fine pixels). The empty part has the colour too, so edges do not darken."""
    size = (-(-box.right // FINE), -(-box.bottom // FINE))
    canvas = pygame.Surface((size[0] * FINE, size[1] * FINE), pygame.SRCALPHA, 32)
    canvas.fill((*colour, 0))
    draw(canvas, box, colour, FINE)
    return pygame.transform.smoothscale(canvas, size)


def _draw_rect(surface: pygame.Surface, box: pygame.Rect, colour: RGB, fine: int, *, radius: float) -> None:
    pygame.draw.rect(surface, colour, box, border_radius=round(radius * fine))


def _draw_disc(surface: pygame.Surface, box: pygame.Rect, colour: RGB, fine: int) -> None:
    pygame.draw.ellipse(surface, colour, box)


def _draw_dome(surface: pygame.Surface, box: pygame.Rect, colour: RGB, fine: int) -> None:
    """The upper half of an ellipse."""
    before = surface.get_clip()
    surface.set_clip(box.clip(before))
    pygame.draw.ellipse(surface, colour, (*box.topleft, box.width, 2 * box.height))
    surface.set_clip(before)


def _draw_line(surface: pygame.Surface, box: pygame.Rect, colour: RGB, fine: int, *, falls: bool, width: float) -> None:
    """From corner to corner of the box, half a stroke inside, with round ends."""
    half = width * fine / 2
    left, top, right, bottom = box.left + half, box.top + half, box.right - half, box.bottom - half
    start, end = (pygame.Vector2(left, top if falls else bottom), pygame.Vector2(right, bottom if falls else top))
    if start != end:
        side = (end - start).rotate(90).normalize() * half
        pygame.draw.polygon(surface, colour, (start + side, end + side, end - side, start - side))
    for tip in (start, end):
        pygame.draw.circle(surface, colour, tip, half)


def _draw_sprite(surface: pygame.Surface, box: pygame.Rect, colour: RGB, fine: int, *, rows: tuple[str, ...]) -> None:
    """Rows of "#" and "." stretched over the box, their outline a smooth curve."""
    marks = np.array([[mark == "#" for mark in row] for row in rows], float)
    tall, wide = (_between(size, count) for size, count in ((box.height, len(rows)), (box.width, len(rows[0]))))
    height = tall @ np.pad(marks, 1, mode="edge") @ wide.T
    stamp = pygame.Surface(box.size, pygame.SRCALPHA, 32)
    stamp.fill(colour)
    pygame.surfarray.pixels_alpha(stamp)[:] = np.clip((height.T - 0.5) * 1000 + 127, 0, 255)
    surface.blit(stamp, box)


def _between(size: int, count: int) -> NDArray[np.float64]:
    """(size, count + 2): how much each of the marks, and an edge on both sides, counts in the middle of every pixel.

    By the quadratic B-spline, which turns a staircase into a slope and keeps a single mark.
    """
    away = np.abs(((np.arange(size) + 0.5) * count / size + 0.5)[:, None] - np.arange(count + 2))
    return np.where(away < 0.5, 0.75 - away**2, 0.5 * np.maximum(0.0, 1.5 - away) ** 2)


def _draw_bitmap(surface: pygame.Surface, box: pygame.Rect, colour: RGB, fine: int, *, rows: tuple[str, ...]) -> None:
    """Rows of "#" and "." stretched over the box."""
    for y, row in enumerate(rows):
        top, bottom = (box.top + box.height * i // len(rows) for i in (y, y + 1))
        for x, mark in enumerate(row):
            if mark == "#":
                left, right = (box.left + box.width * i // len(row) for i in (x, x + 1))
                pygame.draw.rect(surface, colour, (left, top, right - left, bottom - top))
