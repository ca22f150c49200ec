"""The rasteriser: a display list painted into layers of bytes, inside the batch.

One routine serves every reader. `layer_of[ink]` and `level_of[ink]` (both (9,) int32) say where and how bright an ink is painted:
one layer of grey levels for `pixels`, one layer for each ink for `planes`, ink numbers for a palette. A layer of -1 is left
out. Whatever is drawn covers at least one pixel, so that nothing which matters is ever lost.
"""

from __future__ import annotations

from math import ceil, floor, sqrt

import numpy as np
from numpy.typing import NDArray

from .contract import rule
from .frame import DIGITS, DISC, DOME, LINE, RECT

FONT = (
    "### .#. ### ### #.# ### ### ### ### ###",
    "#.# ##. ..# ..# #.# #.. #.. ..# #.# #.#",
    "#.# .#. ### ### ### ### ### ..# ### ###",
    "#.# .#. #.. ..# ..# ..# #.# ..# #.# ..#",
    "### ### ### ### ..# ### ### ..# ### ###",
)  # fmt: skip
_SIDE = 16  # bitmaps are stored in 16 x 16 boxes, with their height and width in front


def bitmap_table(sprites: tuple[tuple[str, ...], ...]) -> NDArray[np.uint8]:
    """(10 + sprites, 18, 16) uint8: the ten digits and a title's sprites; rows 0 and 1 hold height and width in column 0."""
    glyphs = [tuple(row.split()[d] for row in FONT) for d in range(10)]
    table = np.zeros((10 + len(sprites), _SIDE + 2, _SIDE), np.uint8)
    for cell, rows in zip(table, [*glyphs, *sprites], strict=True):
        cell[0, 0], cell[1, 0] = len(rows), len(rows[0])
        for y, row in enumerate(rows):
            cell[2 + y, : len(row)] = [mark == "#" for mark in row]
    return table


@rule
def paint(shapes, count, mirror_x, mirror_y, field, layer_of, level_of, bitmaps, image):
    """Paints shapes (max, 8) in order into image (layers, h, w); `field` is (width, height) in sub-pixels."""
    lens_x = image.shape[2] / field[0], 0.25 / field[0]
    lens_y = image.shape[1] / field[1], 0.25 / field[1]
    for i in range(min(count, len(shapes))):
        kind, ink = int(shapes[i, 0]), int(shapes[i, 1])  # one width for all, or every mixture compiles anew
        layer, level = int(layer_of[ink]), int(level_of[ink])
        if layer < 0:
            continue
        x, y, value = int(shapes[i, 2]), int(shapes[i, 3]), int(shapes[i, 6])
        a, b = int(shapes[i, 4]), int(shapes[i, 5])
        if kind in (DISC, DOME):
            x = field[0] - x if mirror_x else x
            y = field[1] - y if mirror_y else y
            top = y if kind == DOME and mirror_y else y - a
            bottom = y if kind == DOME and not mirror_y else y + a
            paint_disc(x, y, a, top, bottom, lens_x, lens_y, level, image[layer])
        elif kind == LINE:
            if mirror_x:
                x, a = field[0] - x, field[0] - a
            if mirror_y:
                y, b = field[1] - y, field[1] - b
            paint_line(x, y, a, b, value, lens_x, lens_y, level, image[layer])
        elif kind == DIGITS:
            paint_digits(x, y, b, value, lens_x, lens_y, level, bitmaps, image[layer])
        else:
            x = field[0] - x - a if mirror_x else x
            y = field[1] - y - b if mirror_y else y
            if kind == RECT:
                paint_rect(x, y, a, b, lens_x, lens_y, level, image[layer])
            else:
                paint_bitmap(x, y, a, b, bitmaps[10 + value], mirror_x, lens_x, lens_y, level, image[layer])


@rule
def pixels_of(start, length, lens):
    """First and one past the last of the pixels that a stretch covers on an axis: always at least one.

    A lens holds how many pixels a sub-pixel is, and a quarter of the step between the places where edges can be: added, it
    keeps float64 off the brink between two pixels.
    """
    scale, brink = lens
    first, end = floor(start * scale + 0.5 + brink), floor((start + length) * scale + 0.5 + brink)
    if end <= first:
        first = floor((start + 0.5 * length) * scale + brink)
        end = first + 1
    return first, end


@rule
def paint_rect(x, y, w, h, lens_x, lens_y, level, image):
    left, right = pixels_of(x, w, lens_x)
    top, bottom = pixels_of(y, h, lens_y)
    fill(left, top, right, bottom, level, image)


@rule
def fill(left, top, right, bottom, level, image):
    """All pixels from (left, top) to before (right, bottom) that lie in the image."""
    left, right = max(left, 0), min(right, image.shape[1])
    for py in range(max(top, 0), min(bottom, image.shape[0])):
        for px in range(left, right):
            image[py, px] = level


@rule
def paint_disc(x, y, radius, top, bottom, lens_x, lens_y, level, image):
    """Pixels whose centre lies in the disc between two heights, and always the one that holds its middle."""
    paint_rect(x, y, 0, 0, lens_x, lens_y, level, image)
    first, end = ceil(top * lens_y[0] - 0.5), floor(bottom * lens_y[0] + 0.5)
    for py in range(max(first, 0), min(end, image.shape[0])):
        dy = (py + 0.5) / lens_y[0] - y
        inside = radius * radius - dy * dy
        if inside >= 0:
            reach = sqrt(inside)
            left, right = ceil((x - reach) * lens_x[0] - 0.5), floor((x + reach) * lens_x[0] + 0.5)
            fill(left, py, right, py + 1, level, image)


@rule
def paint_line(x0, y0, x1, y1, stroke, lens_x, lens_y, level, image):
    """A stroke set down at every pixel of its longer way, as wide as it is thick, at least a pixel."""
    steps = 1 + int(max(abs(x1 - x0) * lens_x[0], abs(y1 - y0) * lens_y[0]))
    x, y = (x0 - stroke * 0.5) * lens_x[0], (y0 - stroke * 0.5) * lens_y[0]
    step_x, step_y = (x1 - x0) * lens_x[0] / steps, (y1 - y0) * lens_y[0] / steps
    wide, high = max(int(stroke * lens_x[0] + 0.5), 1), max(int(stroke * lens_y[0] + 0.5), 1)
    slack_x, slack_y = (stroke * lens_x[0] - wide) / 2 + 0.5, (stroke * lens_y[0] - high) / 2 + 0.5
    for step in range(steps + 1):
        left, top = floor(x + step * step_x + slack_x), floor(y + step * step_y + slack_y)
        fill(left, top, left + wide, top + high, level, image)


@rule
def paint_bitmap(x, y, w, h, bitmap, flip, lens_x, lens_y, level, image):
    """A bitmap of `bitmap_table`, stretched over a box: each pixel shows the mark in its middle."""
    rows, columns = int(bitmap[0, 0]), int(bitmap[1, 0])
    left, right = pixels_of(x, w, lens_x)
    top, bottom = pixels_of(y, h, lens_y)
    across, down = columns / (right - left), rows / (bottom - top)
    first, end = max(left, 0), min(right, image.shape[1])
    for py in range(max(top, 0), min(bottom, image.shape[0])):
        marks = bitmap[2 + int((py - top + 0.5) * down)]
        for px in range(first, end):
            column = int((px - left + 0.5) * across)
            if marks[columns - 1 - column if flip else column] != 0:
                image[py, px] = level


@rule
def paint_digits(x, y, h, number, lens_x, lens_y, level, bitmaps, image):
    """A number from its last digit backwards; digits are 3/5 as wide as high and a fifth apart. Never mirrored."""
    count, rest = 1, number // 10
    while rest > 0:
        count, rest = count + 1, rest // 10
    for place in range(count - 1, -1, -1):
        left = x + place * (h * 4 // 5)
        paint_bitmap(left, y, h * 3 // 5, h, bitmaps[number % 10], False, lens_x, lens_y, level, image)
        number = number // 10
