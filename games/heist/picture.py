"""Heist's picture. Who is hidden from a seat is not drawn.

Lanterns show where guards look; the outline of what one lights is for people.
"""

from ..contract import CELL, rule
from ..frame import BALL, DANGER, FOOD, HUD, MATE, OTHER, SELF, WALL, disc, line, rect
from ..geometry import cosine, sine
from .rules import HEIGHT, MAX_TICKS, THIEF, WIDTH
from .setting import EXITS, GOALS
from .sight import BEAM, CONE, ECHO, shows_goal

BODY, LANTERN, ARM, NOSE = 7 * CELL // 16, CELL // 5, 5 * CELL // 8, 3 * CELL // 8
RAYS = 5
EXIT_TAG, BODY_TAG, BEAM_TAG, RUN_TAG = 10, 20, 50, 100


@rule
def draw(state, seat, frame):
    for guard in range(1, 4):
        if shows_guard(state, seat, guard):
            draw_beam(state, guard, frame)
    draw_goals(state, seat, frame)
    for run in range(state.run_count):
        box = state.runs[run]
        rect(frame, WALL, box[0] * CELL, box[1] * CELL, box[2] * CELL, box[3] * CELL, RUN_TAG + run)
    left = (MAX_TICKS - state.tick) * (WIDTH - CELL) // MAX_TICKS
    rect(frame, WALL, CELL // 2, HEIGHT + 3 * CELL // 8, left, CELL // 2, 1)
    if seat != THIEF and state.echo > 0:
        draw_noise(state, frame)
    for guard in range(1, 4):
        if shows_guard(state, seat, guard):
            draw_guard(state, guard, seat, frame)
    if seat <= THIEF or state.is_seen == 1:
        draw_thief(state, seat, frame)


@rule
def shows_guard(state, seat, guard):
    return seat != THIEF or state.in_view[guard - 1] == 1


@rule
def draw_goals(state, seat, frame):
    """What must be reached now is golden."""
    for goal in range(GOALS):
        x, y = state.goal_x[goal], state.goal_y[goal]
        if goal >= EXITS:
            draw_exit(goal, FOOD if state.lifted > 0 else HUD, x, y, frame)
        elif shows_goal(state, seat, goal):
            disc(frame, FOOD, x, y, CELL // 3, EXIT_TAG + goal)


@rule
def draw_exit(goal, ink, x, y, frame):
    """A mat in the gap of the outer wall."""
    w, h = (3 * CELL // 2, CELL // 2) if goal < EXITS + 2 else (CELL // 2, 3 * CELL // 2)
    rect(frame, ink, x - w // 2, y - h // 2, w, h, EXIT_TAG + goal)


@rule
def draw_noise(state, frame):
    """A blot that shrinks as the noise is forgotten."""
    disc(frame, DANGER, state.noise_x, state.noise_y, CELL // 4 + CELL * state.echo // (4 * ECHO), 2)


@rule
def draw_thief(state, seat, frame):
    ink = SELF if seat <= THIEF else OTHER
    x, y = state.x[THIEF], state.y[THIEF]
    disc(frame, ink, x, y, BODY, BODY_TAG)
    facing = state.facing[THIEF]
    disc(frame, ink, x + cosine(facing) * NOSE // 256, y + sine(facing) * NOSE // 256, LANTERN, BODY_TAG + 10)
    if state.lifted > 0:
        disc(frame, FOOD, x, y, CELL // 5, BODY_TAG + 1)


@rule
def draw_guard(state, guard, seat, frame):
    x, y, facing = state.x[guard], state.y[guard], state.facing[guard]
    ink = SELF if guard == seat else OTHER if seat <= THIEF else MATE
    disc(frame, ink, x, y, BODY, BODY_TAG + 2 * guard)
    disc(frame, BALL, x + cosine(facing) * ARM // 256, y + sine(facing) * ARM // 256, LANTERN, BODY_TAG + 2 * guard + 1)


@rule
def draw_beam(state, guard, frame):
    """The outline of what a lantern lights."""
    x, y = state.x[guard], state.y[guard]
    last_x, last_y, tag = x, y, BEAM_TAG + 8 * guard
    for ray in range(RAYS):
        angle = state.facing[guard] + CONE * (2 * ray - RAYS + 1) // (RAYS - 1)
        length = lit_length(state.walls, x, y, cosine(angle), sine(angle))
        end_x, end_y = x + cosine(angle) * length // 256, y + sine(angle) * length // 256
        line(frame, HUD, last_x, last_y, end_x, end_y, CELL // 12, tag + ray)
        last_x, last_y = end_x, end_y
    line(frame, HUD, last_x, last_y, x, y, CELL // 12, tag + RAYS)


@rule
def lit_length(walls, x, y, dx, dy):
    """How far light goes in a direction of length 256."""
    length = 0
    while length < BEAM:
        farther = length + CELL // 2
        column, row = (x + dx * farther // 256) // CELL, (y + dy * farther // 256) // CELL
        if not 0 <= row < walls.shape[0] or not 0 <= column < walls.shape[1] or walls[row, column] != 0:
            return length
        length = farther
    return length
