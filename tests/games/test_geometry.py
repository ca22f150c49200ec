"""Angles, roots and lines of sight: right, the same both ways, and the same compiled as interpreted."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from npckit.games import geometry
from npckit.games.compiler import build
from npckit.games.contract import CELL
from npckit.games.interpret import ArrayView

SIDE = 12
places = st.tuples(st.integers(0, SIDE * CELL - 1), st.integers(0, SIDE * CELL - 1))


def _room(seed):
    return (np.random.default_rng(seed).random((SIDE, SIDE)) < 0.25).astype(np.int8)


@given(st.integers(0, 2**52))
def test_a_root_is_the_whole_part(n):
    assert geometry.isqrt(n) == math.isqrt(n)


@given(st.integers(-9000, 9000), st.integers(-9000, 9000))
def test_an_angle_points_along_its_direction(dx, dy):
    if dx or dy:
        turn = geometry.turn_between(geometry.angle_of(dx, dy), math.atan2(dy, dx) * 128 / math.pi)
        assert abs(turn) <= 1.1


@given(st.integers(-1000, 1000))
def test_sine_and_cosine_lie_on_the_circle(angle):
    assert abs(math.hypot(geometry.sine(angle), geometry.cosine(angle)) - CELL) < 1
    assert abs(geometry.sine(angle) - CELL * math.sin(angle * math.pi / 128)) <= 0.51


@given(st.integers(0, 50), places, places)
def test_a_line_is_clear_where_no_wall_lies_on_it(seed, start, end):
    """Compared with points close together along the line."""
    walls = _room(seed)
    walls[start[1] // CELL, start[0] // CELL] = walls[end[1] // CELL, end[0] // CELL] = 0
    clear = geometry.clear_line(ArrayView(walls), *start, *end)
    assert clear == geometry.clear_line(ArrayView(walls), *end, *start)
    along = np.linspace(0, 1, 4001)[1:-1]
    x, y = (start[axis] + (end[axis] - start[axis]) * along for axis in (0, 1))
    near_edge = (np.minimum(x % CELL, -x % CELL) < 1e-3) | (np.minimum(y % CELL, -y % CELL) < 1e-3)
    hit = walls[(y // CELL).astype(int), (x // CELL).astype(int)] & ~near_edge
    if hit.any():
        assert not clear
    else:
        grown = np.argwhere(walls) * CELL
        assert clear or any(_passes_near(start, end, corner) for corner in grown)


def _passes_near(start, end, corner):
    """Whether the line comes within a few sub-pixels of a wall's cell: what points may have missed."""
    along = np.linspace(0, 1, 4001)
    x, y = (start[axis] + (end[axis] - start[axis]) * along for axis in (0, 1))
    inside = (abs(x - corner[1] - CELL / 2) <= CELL / 2 + 2) & (abs(y - corner[0] - CELL / 2) <= CELL / 2 + 2)
    return bool(inside.any())


def test_sight_through_a_corner_is_cut_by_two_walls_only():
    walls = np.zeros((2, 2), np.int8)
    line = (CELL // 2, CELL // 2, 3 * CELL // 2, 3 * CELL // 2)
    for first, second, clear in ((0, 0, True), (1, 0, True), (0, 1, True), (1, 1, False)):
        walls[0, 1], walls[1, 0] = first, second
        assert geometry.clear_line(ArrayView(walls), *line) == clear


def _driver(walls, lines, out):
    for i in range(len(lines)):
        out[i, 0] = CLEAR(walls, lines[i, 0], lines[i, 1], lines[i, 2], lines[i, 3])
        out[i, 1] = ANGLE(lines[i, 2] - lines[i, 0], lines[i, 3] - lines[i, 1])
        out[i, 2] = DISTANCE(lines[i, 2] - lines[i, 0], lines[i, 3] - lines[i, 1])
        out[i, 3] = SINE(out[i, 1])


CLEAR = ANGLE = DISTANCE = SINE = None


def test_compiled_geometry_is_the_interpreted_one(tmp_path):
    rules = {
        "CLEAR": geometry.clear_line,
        "ANGLE": geometry.angle_of,
        "DISTANCE": geometry.distance,
        "SINE": geometry.sine,
    }
    lines = np.random.default_rng(1).integers(0, SIDE * CELL, (500, 4))
    told = []
    for mode in ("interpreted", "compiled"):
        out = np.zeros((len(lines), 4), np.int64)
        build(_driver, rules, mode, str(tmp_path))(_room(3), lines, out)
        told.append(out)
    np.testing.assert_array_equal(*told)
