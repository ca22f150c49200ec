"""The display list: what `draw` appends to. Shapes have inks (what a thing is to the viewer), never colours.

A frame is a record: `count`, and `shapes` (max_shapes, 8) int32 rows of (kind, ink, x, y, a, b, value, tag). Positions and
sizes are in 1/256 of a field cell. `tag` tells one thing from another across frames, so that a window can glide between ticks.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .contract import record, rule

SELF, MATE, OTHER, BALL, WALL, FOOD, DANGER, HUD = range(1, 9)
INKS = ("self", "mate", "other", "ball", "wall", "food", "danger", "hud")
NO_INK = 0
RECT, DISC, LINE, SPRITE, DIGITS, DOME = range(1, 7)
KIND, INK, X, Y, A, B, VALUE, TAG = range(8)


def frame_dtype(max_shapes: int) -> np.dtype[Any]:
    return record(count=np.int32, shapes=(np.int32, (max_shapes, 8)))


@rule
def rect(frame, ink, x, y, w, h, tag):
    """A rectangle with its top left corner at (x, y)."""
    _append(frame, RECT, int(ink), int(x), int(y), int(w), int(h), 0, int(tag))


@rule
def disc(frame, ink, x, y, radius, tag):
    """A filled circle around (x, y)."""
    _append(frame, DISC, int(ink), int(x), int(y), int(radius), int(radius), 0, int(tag))


@rule
def dome(frame, ink, x, y, radius, tag):
    """The upper half of a circle around (x, y), which is the middle of its base."""
    _append(frame, DOME, int(ink), int(x), int(y), int(radius), int(radius), 0, int(tag))


@rule
def line(frame, ink, x0, y0, x1, y1, width, tag):
    """A straight stroke of a width from (x0, y0) to (x1, y1)."""
    _append(frame, LINE, int(ink), int(x0), int(y0), int(x1), int(y1), int(width), int(tag))


@rule
def sprite(frame, ink, x, y, w, h, index, tag):
    """The title's bitmap `SPEC.sprites[index]`, stretched over a box with its top left corner at (x, y)."""
    _append(frame, SPRITE, int(ink), int(x), int(y), int(w), int(h), int(index), int(tag))


@rule
def digits(frame, ink, x, y, height, number, tag):
    """A non-negative number in a 3 x 5 font, its top left corner at (x, y)."""
    _append(frame, DIGITS, int(ink), int(x), int(y), int(height), int(height), int(number), int(tag))


@rule
def _append(frame, kind, ink, x, y, a, b, value, tag):
    """The callers turn what they are given into whole numbers of one width: every mixture would compile anew."""
    i = frame.count
    frame.count = i + 1  # counts past the end as well, so that check_game can say by how much
    if i >= frame.shapes.shape[0]:
        return
    shape = frame.shapes[i]
    shape[0] = kind
    shape[1] = ink
    shape[2] = x
    shape[3] = y
    shape[4] = a
    shape[5] = b
    shape[6] = value
    shape[7] = tag
