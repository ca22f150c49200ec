"""The rasteriser paints what the display list says, and loses nothing."""

import numpy as np
import pytest
from npckit.games.batch import Batch
from npckit.games.check import rows_of
from npckit.games.contract import CELL
from npckit.games.frame import BALL, DANGER, FOOD, OTHER, SELF, digits, disc, dome, line, rect, sprite
from npckit.games.interpret import ArrayView
from npckit.games.observation import Observer, ObsSpec, ink_tables
from npckit.games.program import shared_driver
from npckit.games.raster import bitmap_table


def _painted(pong, shapes, size=(48, 64), mirror=False):
    """(h, w) ink numbers of a list of (kind function, args) over pong's field of 64 x 48 cells."""
    frame = np.zeros(1, [("count", np.int32), ("shapes", np.int32, (16, 8))])
    for function, *args in shapes:
        function(ArrayView(frame)[0], *args, 0)
    out, ink = np.zeros((1, 1, *size), np.uint8), ink_tables(pong, "inks")
    flip, field = np.full(3, mirror), np.array([64 * CELL, 48 * CELL])
    table = bitmap_table((("#.", ".#"),))
    paint = shared_driver("layers", "compiled")
    paint(frame["shapes"], frame["count"], np.zeros(1, np.int32), flip, np.zeros(3, bool), field, *ink, table, out)
    return out[0, 0]


def test_a_rectangle_fills_the_cells_it_covers(pong):
    image = _painted(pong, [(rect, SELF, 3 * CELL, 2 * CELL, 4 * CELL, 5 * CELL)])
    assert (image[2:7, 3:7] == SELF).all() and (image == SELF).sum() == 20


def test_a_mirrored_picture_is_the_picture_reversed(pong):
    shapes = [(rect, SELF, 3 * CELL, 2 * CELL, 4 * CELL, 5 * CELL), (disc, BALL, 20 * CELL, 20 * CELL, 5 * CELL)]
    shapes += [
        (line, DANGER, 30 * CELL, 4 * CELL, 40 * CELL, 30 * CELL, 2 * CELL),
        (sprite, FOOD, 50 * CELL, 8 * CELL, 8 * CELL, 8 * CELL, 0),
    ]
    image, mirrored = _painted(pong, shapes), _painted(pong, shapes, mirror=True)
    assert (image != mirrored[:, ::-1]).mean() < 0.002  # halves round to one side


def test_a_disc_is_round(pong):
    image = _painted(pong, [(disc, BALL, 32 * CELL, 24 * CELL, 10 * CELL)], size=(480, 640))
    assert abs((image == BALL).sum() / (np.pi * 100**2) - 1) < 0.01


def test_a_dome_is_the_upper_half_of_a_disc_on_its_base(pong):
    image = _painted(pong, [(dome, BALL, 32 * CELL, 24 * CELL, 10 * CELL)], size=(480, 640))
    whole = _painted(pong, [(disc, BALL, 32 * CELL, 24 * CELL, 10 * CELL)], size=(480, 640))
    np.testing.assert_array_equal(image[:240], whole[:240])
    assert not image[241:].any()


def test_a_line_joins_its_ends_without_a_gap(pong):
    image = _painted(pong, [(line, OTHER, 2 * CELL, 3 * CELL, 60 * CELL, 45 * CELL, 1)])
    assert (image == OTHER).any(axis=0)[2:60].all()


def test_sprites_and_digits_show_their_bitmaps(pong):
    image = _painted(
        pong, [(sprite, FOOD, 0, 0, 2 * CELL, 2 * CELL, 0), (digits, SELF, 10 * CELL, 10 * CELL, 5 * CELL, 17)]
    )
    assert (image[:2, :2] == FOOD).tolist() == [[True, False], [False, True]]
    assert image[10:15, 10:17].astype(bool).sum() == 8 + 7  # the dots of a 1 and of a 7


@pytest.mark.parametrize("side", [8, 16, 31, 64])
@pytest.mark.parametrize("kind", ["rect", "disc", "line", "sprite"])
def test_nothing_is_ever_smaller_than_a_pixel(pong, kind, side):
    rng = np.random.default_rng(0)
    for _ in range(50):
        x, y = (int(rng.integers(0, size * CELL)) for size in (64, 48))
        shapes = {
            "rect": (rect, FOOD, x, y, 1, 1),
            "disc": (disc, FOOD, x, y, 1),
            "line": (line, FOOD, x, y, x, y, 1),
            "sprite": (rect, FOOD, x, y, 1, 1),
        }
        assert (_painted(pong, [shapes[kind]], size=(side, side)) == FOOD).sum() >= 1


def test_what_lies_outside_the_field_is_cut_off(pong):
    far = 100 * CELL
    shapes = [
        (rect, SELF, -far, -far, 3 * far, far // 2),
        (disc, SELF, -far, far, CELL),
        (line, SELF, far, far, 2 * far, far, CELL),
    ]
    assert not _painted(pong, shapes).any()


def test_agents_see_no_hud(pong):
    batch = Batch(pong, 1)
    batch.reset(0)
    batch.states["score"] = 1
    one = Observer(batch, ObsSpec("pixels", 1), *rows_of(batch, 0)).observe().copy()
    batch.states["score"] = 4
    assert (one == Observer(batch, ObsSpec("pixels", 1), *rows_of(batch, 0)).observe()).all()
