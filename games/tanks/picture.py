"""Tanks' picture: a hull between two tracks, a gun that shows where it points, and a white shell in it when it is loaded."""

from ..contract import CELL, rule
from ..frame import BALL, DANGER, FOOD, HUD, MATE, OTHER, SELF, WALL, digits, disc, line, rect
from ..geometry import cosine, sine
from .driving import RADIUS
from .rules import NOISE, READY, WRECK, can_fire, middle_x, middle_y
from .shells import SHELLS
from .sight import VIEW, sees_shell, sees_tank

TRACK, TRACK_OUT, TRACK_END = 80, 124, 92  # stroke; from the middle, sideways; half its length
HULL, HULL_END = 184, 52
GUN, GUN_END = 68, 240
TURRET, LOADED = 88, 46
BEAM = 5 * CELL  # of the lines, for people only, between which a tank sees
SHELL = 52
BARS = 40  # the tags of the bars begin here


@rule
def draw(state, seat, frame):
    if seat >= 0:
        draw_view(state, seat, frame)
    if seat >= 0 and state.noise[seat] > 0:
        draw_noise(state, seat, frame)
    draw_walls(state, frame)
    for tank in range(2):
        digits(frame, HUD, (2 + 20 * tank) * CELL, CELL // 8, 3 * CELL // 4, state.score[tank], tank)
    own = max(seat, 0)
    if sees_tank(state, seat, 1 - own):
        draw_tank(state, 1 - own, OTHER, DANGER, frame)
    draw_tank(state, own, SELF, MATE, frame)
    for tank in range(2):
        if can_fire(state, tank) and (tank == seat or seat < 0):
            disc(frame, BALL, state.x[tank], state.y[tank], LOADED, 4 + tank)
    for shell in range(2 * SHELLS):
        if sees_shell(state, seat, shell):
            draw_shell(state, shell, frame)


@rule
def draw_view(state, seat, frame):
    """Two rays between which this seat sees: for people only."""
    for side in range(2):
        angle = state.heading[seat] + (2 * side - 1) * VIEW
        draw_along(frame, HUD, state.x[seat], state.y[seat], angle, 0, BEAM, 10, 28 + side)


@rule
def draw_noise(state, seat, frame):
    room = state.noise_room[seat]
    radius = CELL // 4 + 3 * CELL // 4 * state.noise[seat] // NOISE
    disc(frame, FOOD, middle_x(room), middle_y(room), radius, 6)


@rule
def draw_walls(state, frame):
    for i in range(state.bars):
        bar = state.bar[i]
        x, y, w, h = bar >> 15, (bar >> 10) & 31, (bar >> 5) & 31, bar & 31
        rect(frame, WALL, x * CELL, y * CELL, w * CELL, h * CELL, BARS + i)


@rule
def draw_tank(state, tank, ink, gun_ink, frame):
    x, y, tag = state.x[tank], state.y[tank], 8 + 8 * tank
    if state.wreck[tank] == 1:
        draw_wreck(state.wait, x, y, tag, frame)
        return
    heading = state.heading[tank]
    for side in range(2):
        out = (2 * side - 1) * TRACK_OUT
        out_x, out_y = part(-sine(heading), out), part(cosine(heading), out)
        draw_along(frame, ink, x + out_x, y + out_y, heading, -TRACK_END, TRACK_END, TRACK, tag + side)
    draw_along(frame, ink, x, y, heading, -HULL_END, HULL_END, HULL, tag + 2)
    draw_along(frame, gun_ink, x, y, heading, 0, GUN_END, GUN, tag + 3)
    disc(frame, gun_ink, x, y, TURRET, tag + 4)


@rule
def draw_along(frame, ink, x, y, angle, first, last, stroke, tag):
    """A stroke in a direction, from so far to so far from a place."""
    cos, sin = cosine(angle), sine(angle)
    line(frame, ink, x + part(cos, first), y + part(sin, first), x + part(cos, last), y + part(sin, last), stroke, tag)


@rule
def part(share, length):
    """So many 256ths of a length; towards nothing, so that it is the same the other way round."""
    size = abs(share * length) // CELL
    return size if share * length > 0 else -size


@rule
def draw_wreck(wait, x, y, tag, frame):
    """A blast that grows and burns out."""
    burnt = min(max(READY + WRECK - wait, 0), WRECK)
    disc(frame, DANGER, x, y, RADIUS + 2 * CELL * burnt // WRECK, tag + 5)
    disc(frame, FOOD, x, y, RADIUS + CELL * burnt // WRECK, tag + 6)


@rule
def draw_shell(state, shell, frame):
    x, y = state.shell_x[shell], state.shell_y[shell]
    disc(frame, BALL, x, y, SHELL, 24 + shell)
