"""Between two ticks: things glide by their tags, and do not when they have jumped."""

import numpy as np
from npckit.games.contract import CELL
from npckit.games.frame import BALL, DISC, RECT, SELF, X
from npckit.playback.glide import between

LEAP = 5.0 * CELL


def test_half_way_between_two_ticks_a_thing_is_half_way(shape):
    before, now = [shape(DISC, BALL, 1, 1, 1, tag=4)], [shape(DISC, BALL, 3, 2, 1, tag=4)]
    assert between(np.array(before), np.array(now), 0.5, LEAP)[0, X : X + 2].tolist() == [2 * CELL, 1.5 * CELL]


def test_things_are_found_by_tag_wherever_they_stand_in_the_list(shape):
    before = np.array([shape(RECT, SELF, 9, 9, 1, 1, tag=2), shape(DISC, BALL, 1, 1, 1, tag=4)])
    now = np.array(
        [shape(DISC, BALL, 2, 1, 1, tag=4), shape(RECT, SELF, 9, 8, 1, 1, tag=2), shape(RECT, SELF, 0, 0, 1, 1, tag=9)]
    )
    assert between(before, now, 0.0, LEAP)[:, X].tolist() == [CELL, 9 * CELL, 0]


def test_a_jump_does_not_glide(shape):
    before, now = np.array([shape(DISC, BALL, 1, 1, 1, tag=4)]), np.array([shape(DISC, BALL, 20, 1, 1, tag=4)])
    assert between(before, now, 0.5, LEAP)[0, X] == 20 * CELL


def test_tags_that_are_not_unique_do_not_glide(shape):
    before = np.array([shape(DISC, BALL, x, 1, 1) for x in (1, 2)])
    now = np.array([shape(DISC, BALL, x, 1, 1) for x in (2, 3)])
    assert np.array_equal(between(before, now, 0.5, LEAP), now)


def test_a_thing_of_another_kind_with_the_same_tag_does_not_glide(shape):
    before, now = np.array([shape(RECT, BALL, 1, 1, 1, 1, tag=4)]), np.array([shape(DISC, BALL, 2, 1, 1, 1, tag=4)])
    assert np.array_equal(between(before, now, 0.5, LEAP), now)


def test_the_newest_tick_is_itself(shape):
    now = np.array([shape(DISC, BALL, 2, 1, 1, tag=4)])
    assert np.array_equal(between(now[:0], now, 0.3, LEAP), now)
    assert np.array_equal(between(now + 1, now, 1.0, LEAP), now)
