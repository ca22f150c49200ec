"""The rasteriser: a display list painted into layers of bytes, inside the batch.

One routine serves every reader. `layer_of[ink]` and `level_of[ink]` (both (9,) int32) say where and how bright an ink is painted:
one layer of grey levels for `pixels`, one layer for each ink for `planes`, ink numbers for a palette. A layer of -1 is left
out. Whatever is drawn covers at least one pixel, so that nothing which matters is ever lost.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .contract import rule
from .frame import DIGITS, DISC, LINE, RECT

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
    for i in range(min(count, len(shapes))):
        kind, ink = int(shapes[i, 0]), int(shapes[i, 1])  # one width for all, or every mixture compiles anew
        layer, level = int(layer_of[ink]), int(level_of[ink])
        if layer < 0:
            continue
        x, y, value = int(shapes[i, 2]), int(shapes[i, 3]), int(shapes[i, 6])
        a, b = int(shapes[i, 4]), int(shapes[i, 5])
        if kind == DISC:
            x = field[0] - x if mirror_x else x
            y = field[1] - y if mirror_y else y
            paint_disc(x, y, a, field, level, layer, image)
        elif kind == LINE:
            if mirror_x:
                x, a = field[0] - x, field[0] - a
            if mirror_y:
                y, b = field[1] - y, field[1] - b
            paint_line(x, y, a, b, value, field, level, layer, image)
        elif kind == DIGITS:
            paint_digits(x, y, b, value, field, level, layer, bitmaps, image)
        else:
            x = field[0] - x - a if mirror_x else x
            y = field[1] - y - b if mirror_y else y
            if kind == RECT:
                paint_rect(x, y, a, b, field, level, layer, image)
            else:
                paint_bitmap(x, y, a, b, 10 + value, mirror_x, field, level, layer, bitmaps, image)


@rule
def first_pixel(start, length, pixels, size):
    """The first of the pixels that a stretch covers on an axis of `pixels` pixels and `size` sub-pixels."""
    first = (2 * start * pixels + size) // (2 * size)
    last = (2 * (start + length) * pixels + size) // (2 * size)
    if last <= first:
        return (2 * start + length) * pixels // (2 * size)
    return first


@rule
def end_pixel(start, length, pixels, size):
    """One past the last pixel of the stretch: always beyond its first."""
    end = (2 * (start + length) * pixels + size) // (2 * size)
    return max(end, first_pixel(start, length, pixels, size) + 1)


@rule
def paint_rect(x, y, w, h, field, level, layer, image):
    height, width = image.shape[1], image.shape[2]
    left, right = first_pixel(x, w, width, field[0]), end_pixel(x, w, width, field[0])
    top, bottom = first_pixel(y, h, height, field[1]), end_pixel(y, h, height, field[1])
    for py in range(max(top, 0), min(bottom, height)):
        for px in range(max(left, 0), min(right, width)):
            image[layer, py, px] = level


@rule
def paint_disc(x, y, radius, field, level, layer, image):
    """Pixels whose centre lies in the disc, and always the one that holds its middle."""
    height, width = image.shape[1], image.shape[2]
    paint_rect(x, y, 0, 0, field, level, layer, image)
    left, right = (x - radius) * width // field[0], (x + radius) * width // field[0]
    top, bottom = (y - radius) * height // field[1], (y + radius) * height // field[1]
    for py in range(max(top, 0), min(bottom + 1, height)):
        dy = (2 * py + 1) * field[1] / (2 * height) - y
        for px in range(max(left, 0), min(right + 1, width)):
            dx = (2 * px + 1) * field[0] / (2 * width) - x
            if dx * dx + dy * dy <= radius * radius:
                image[layer, py, px] = level


@rule
def paint_line(x0, y0, x1, y1, stroke, field, level, layer, image):
    """A stroke sampled at every half pixel: thick ones by their width, thin ones a pixel wide."""
    height, width = image.shape[1], image.shape[2]
    steps = 1 + 2 * max(abs(x1 - x0) * width // field[0], abs(y1 - y0) * height // field[1])
    for step in range(steps + 1):
        x, y = x0 + (x1 - x0) * step // steps, y0 + (y1 - y0) * step // steps
        paint_rect(x - stroke // 2, y - stroke // 2, stroke, stroke, field, level, layer, image)


@rule
def paint_bitmap(x, y, w, h, index, flip, field, level, layer, bitmaps, image):
    height, width = image.shape[1], image.shape[2]
    rows, columns = bitmaps[index, 0, 0], bitmaps[index, 1, 0]
    left, right = first_pixel(x, w, width, field[0]), end_pixel(x, w, width, field[0])
    top, bottom = first_pixel(y, h, height, field[1]), end_pixel(y, h, height, field[1])
    for py in range(max(top, 0), min(bottom, height)):
        row = (py - top) * rows // (bottom - top)
        for px in range(max(left, 0), min(right, width)):
            column = (px - left) * columns // (right - left)
            if flip:
                column = columns - 1 - column
            if bitmaps[index, 2 + row, column] != 0:
                image[layer, py, px] = level


@rule
def paint_digits(x, y, h, number, field, level, layer, bitmaps, image):
    """A number from its last digit backwards; digits are 3/5 as wide as high and a fifth apart. Never mirrored."""
    count, rest = 1, number // 10
    while rest > 0:
        count, rest = count + 1, rest // 10
    for place in range(count - 1, -1, -1):
        left = x + place * (h * 4 // 5)
        paint_bitmap(left, y, h * 3 // 5, h, number % 10, False, field, level, layer, bitmaps, image)
        number = number // 10
