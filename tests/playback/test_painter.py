"""The painter: right places at any size, smooth edges, nothing lost."""

from itertools import pairwise

import numpy as np
import pygame
import pytest
from npckit.games.batch import Batch
from npckit.games.contract import CELL, SPECTATOR
from npckit.games.frame import BALL, DIGITS, DISC, DOME, FOOD, HUD, INKS, LINE, OTHER, RECT, SELF, SPRITE, WALL
from npckit.games.observation import ink_tables
from npckit.playback.painter import Painter, fit
from npckit.playback.palette import colours

NIGHT = colours()


def picture(spec, shapes, size, palette=NIGHT):
    """(h, w, 3) uint8 of a field that fills a surface."""
    surface = pygame.Surface(size, 0, 32)
    Painter(spec, palette).paint(surface, np.array(shapes).reshape(-1, 8), surface.get_rect())
    return pixels(surface)


def pixels(surface):
    width, height = surface.get_size()
    return np.frombuffer(pygame.image.tobytes(surface, "RGB"), np.uint8).reshape(height, width, 3)


def covered(image, ink):
    """The box of pixels that have exactly the colour of an ink: left, top, right, bottom."""
    ys, xs = np.nonzero((image == NIGHT.inks[ink]).all(axis=2))
    return xs.min(), ys.min(), xs.max() + 1, ys.max() + 1


def test_a_shape_covers_its_place_at_any_size(plain_spec, shape):
    for scale in (2, 5, 17, 40):
        image = picture(plain_spec, [shape(RECT, WALL, 4, 3, 8, 6)], (32 * scale, 24 * scale))
        assert covered(image, WALL) == (4 * scale, 3 * scale, 12 * scale, 9 * scale)


@pytest.mark.parametrize("kind", [RECT, DISC, DOME, SPRITE, DIGITS])
def test_nothing_is_smaller_than_a_pixel(plain_spec, shape, kind):
    image = picture(plain_spec, [shape(kind, WALL, 16, 12, 0.02, 0.02)], (32, 24))
    assert (image != NIGHT.field).any()


def test_half_a_pixel_is_half_a_colour(plain_spec, shape):
    image = picture(plain_spec, [shape(RECT, WALL, 4.5, 4, 2, 2)], (32, 24)).astype(int)
    edge, field, wall = image[4, 4], np.array(NIGHT.field), np.array(NIGHT.inks[WALL])
    assert np.abs(edge - (field + wall) / 2).max() <= 2


def test_edges_do_not_darken(plain_spec, shape):
    image = picture(plain_spec, [shape(DISC, BALL, 16, 12, 5.3)], (320, 240)).astype(int)
    low, high = np.minimum(NIGHT.field, NIGHT.inks[BALL]), np.maximum(NIGHT.field, NIGHT.inks[BALL])
    assert (image >= low - 1).all()
    assert (image <= high + 1).all()


def test_slow_motion_changes_the_picture_before_a_whole_pixel_is_passed(plain_spec, shape):
    images = [picture(plain_spec, [shape(RECT, SELF, 4 + step / 4, 4, 3, 3)], (32, 24)) for step in range(5)]
    assert all((one != other).any() for one, other in pairwise(images))


def test_a_line_goes_from_end_to_end_either_way(plain_spec, shape):
    for ends in ((4, 4, 28, 20), (28, 20, 4, 4), (4, 20, 28, 4), (28, 4, 4, 20), (4, 4, 4, 20), (4, 20, 28, 20)):
        image = picture(plain_spec, [shape(LINE, FOOD, *ends, value=CELL)], (320, 240))
        lit = (image == NIGHT.inks[FOOD]).all(axis=2)
        tips = [(ends[0], ends[1]), (ends[2], ends[3]), ((ends[0] + ends[2]) // 2, (ends[1] + ends[3]) // 2)]
        assert all(lit[y * 10, x * 10] for x, y in tips)


def test_a_sprite_is_its_bitmap(plain_spec, shape):
    image = picture(plain_spec, [shape(SPRITE, OTHER, 1, 1, 6, 4)], (320, 240))
    lit = (image[20::20, 20::20] == NIGHT.inks[OTHER]).all(axis=2)[:2, :3]
    assert lit.tolist() == [[False, True, False], [True, True, True]]


def test_huge_shapes_are_painted_too(plain_spec, shape):
    shapes = [
        shape(RECT, WALL, 0, 0, 32, 24),
        shape(DISC, BALL, 16, 12, 11),
        shape(LINE, FOOD, 2, 2, 30, 22, value=CELL),
    ]
    image = picture(plain_spec, shapes, (3200, 2400))
    colour = [tuple(map(int, image[y, x])) for y, x in ((50, 50), (1200, 1500), (1200, 1600))]
    assert colour == [NIGHT.inks[WALL], NIGHT.inks[BALL], NIGHT.inks[FOOD]]


def test_the_fields_aspect_is_kept_in_any_room():
    for size in ((1000, 100), (100, 1000), (641, 480), (3, 2)):
        area = fit((64, 48), pygame.Rect((7, 5), size))
        assert pygame.Rect((7, 5), size).contains(area)
        assert abs(area.width * 48 - area.height * 64) <= 64


def test_nothing_is_painted_outside_the_field(plain_spec, shape):
    surface = pygame.Surface((200, 200), 0, 32)
    Painter(plain_spec, NIGHT).paint(surface, shape(RECT, WALL, -9, -9, 99, 99)[None], pygame.Rect(50, 50, 32, 24))
    image = pixels(surface)
    assert (image[50:74, 50:82] == NIGHT.inks[WALL]).all()
    image = image.copy()
    image[50:74, 50:82] = 0
    assert not image.any()


def test_the_window_picture_and_the_rasterised_one_agree(title):
    """At many pixels a cell, every pixel is painted as the rasteriser paints it, but for smooth edges and round corners."""
    scale = 24
    height, width = title.spec.field[1] * scale, title.spec.field[0] * scale
    batch = Batch(title)
    batch.reset(3)
    for _ in range(30):
        batch.step(np.zeros((1, batch.seats), np.int32))
    image = picture(title.spec, batch.draw(0, SPECTATOR), (width, height)).astype(int)
    layers, spectator = np.zeros((1, 1, height, width), np.uint8), np.full(1, SPECTATOR, np.int32)
    batch.see_layers(np.zeros(1, np.int32), spectator, *ink_tables(title, "inks"), layers)
    differs = np.abs(image - np.array(NIGHT.inks)[layers[0, 0]]).max(axis=2) > 8
    assert differs.sum() < 0.2 * max(1, int((layers > 0).sum()))


@pytest.mark.parametrize("sight", ["normal", "protan", "deutan", "tritan"])
def test_every_ink_of_the_safe_palette_is_told_apart_by_everyone(sight):
    """Inks that matter differ by far more than what one just notices (about 2 in CIELAB), as any eye sees them."""
    inks = {"field": colours("safe").field, **dict(zip(INKS, colours("safe").inks[1:], strict=True))}
    del inks["hud"]
    seen = {name: _lab(rgb, _EYES[sight]) for name, rgb in inks.items()}
    gaps = {(a, b): np.linalg.norm(seen[a] - seen[b]) for a in seen for b in seen if a < b}
    assert min(gaps.values()) > 14, min(gaps, key=gaps.__getitem__)


_EYES = {  # Machado, Oliveira, Fernandes 2009, severity 1
    "normal": np.eye(3),
    "protan": np.array([[0.1523, 1.0526, -0.2049], [0.1145, 0.7863, 0.0992], [-0.0039, -0.0481, 1.0520]]),
    "deutan": np.array([[0.3673, 0.8606, -0.2280], [0.2801, 0.6725, 0.0474], [-0.0118, 0.0429, 0.9689]]),
    "tritan": np.array([[1.2555, -0.0767, -0.1788], [-0.0784, 0.9308, 0.1476], [0.0047, 0.6914, 0.3039]]),
}
_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def _lab(rgb, eye):
    """CIELAB of an sRGB colour as an eye sees it."""
    linear = np.array(rgb) / 255
    linear = np.where(linear <= 0.04045, linear / 12.92, ((linear + 0.055) / 1.055) ** 2.4)
    ratio = _XYZ @ np.clip(eye @ linear, 0, 1) / (0.9505, 1, 1.089)
    x, y, z = np.where(ratio > 0.008856, np.cbrt(ratio), 7.787 * ratio + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def test_the_head_up_display_stays_behind_what_matters():
    for name in ("night", "safe"):
        palette = colours(name)
        light = {ink: sum(palette.inks[ink]) for ink in range(1, len(palette.inks))}
        assert min(light, key=light.__getitem__) == HUD
