"""Volley's picture. A slime is a dome with an eye on the ball."""

from ..contract import CELL, rule
from ..frame import BALL, DANGER, HUD, OTHER, SELF, WALL, digits, disc, dome, rect
from ..geometry import distance
from .ball import part
from .layout import BALL_R, GROUND, HEIGHT, NET_HALF, NET_TOP, NET_X, SLIME_R, WIDTH

EYE_X, EYE_Y, EYE_R = SLIME_R * 34 // 100, SLIME_R * 56 // 100, SLIME_R * 15 // 100
GLANCE = SLIME_R * 12 // 100  # how far the eye turns to the ball


@rule
def draw(state, seat, frame):
    digits(frame, HUD, NET_X - 9 * CELL, 3 * CELL, 6 * CELL, state.score[0], 0)
    digits(frame, HUD, NET_X + 5 * CELL, 3 * CELL, 6 * CELL, state.score[1], 1)
    rect(frame, WALL, 0, GROUND, WIDTH, HEIGHT - GROUND, 2)
    rect(frame, WALL, NET_X - NET_HALF, NET_TOP, 2 * NET_HALF, GROUND - NET_TOP, 3)
    disc(frame, WALL, NET_X, NET_TOP, NET_HALF, 4)
    for touch in range(state.touches):
        draw_touch(touch, state.touched, frame)
    draw_shadow(state.ball_x, state.ball_y, frame)
    for slime in range(2):
        ink, ahead = SELF if slime == max(seat, 0) else OTHER, 1 if slime == 0 else -1
        dome(frame, ink, state.slime_x[slime], state.slime_y[slime], SLIME_R, 6 + 3 * slime)
        draw_eye(state.slime_x[slime] + ahead * EYE_X, state.slime_y[slime] - EYE_Y, state, 8 + 3 * slime, frame)
    disc(frame, BALL, state.ball_x, state.ball_y, BALL_R, 12)


@rule
def draw_touch(touch, seat, frame):
    """A dot on the ground of the side that touched, from the net outwards."""
    out = (1 if seat == 1 else -1) * (3 + 2 * touch) * CELL
    disc(frame, DANGER, NET_X + out, GROUND + 5 * CELL // 2, CELL // 2, 13 + touch)


@rule
def draw_shadow(x, y, frame):
    """Tells people where the ball is above; the smaller the higher."""
    half = BALL_R * (GROUND + HEIGHT - y) // (GROUND + HEIGHT)
    rect(frame, HUD, x - half, GROUND + CELL // 4, 2 * half, CELL // 2, 5)


@rule
def draw_eye(x, y, state, tag, frame):
    """It follows the ball."""
    dx, dy = state.ball_x - x, state.ball_y - y
    gap = max(distance(dx, dy), 1)
    disc(frame, HUD, x + part(GLANCE * dx, gap), y + part(GLANCE * dy, gap), EYE_R, tag)
