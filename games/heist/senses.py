"""What a seat perceives in numbers: itself and the room around it, the goals and the ways to them, the plan, and the others.

Places are relative, in widths of the building; `length` is a way on foot, in two of them. `way` leads to the jewel if it is in sight, after
the alarm to the nearest exit; a guard's leads to the thief while one sees it, else to the last noise while it echoes.
"""

from ..contract import CELL, rule
from ..geometry import cosine, distance, sine
from .names import (
    ALARM,
    COS,
    DOORS_AT,
    DOORS_HERE,
    GOALS_AT,
    GUARDS_AT,
    LOUD,
    MATES_AT,
    NOISE,
    NOTICED,
    PLACE,
    SEEN,
    SIN,
    STRAIGHT,
    TIME,
    WALLS,
    WAY,
    X,
    Y,
)  # fmt: skip
from .plan import DOORS, FAR, ROOM_DOORS, room_at
from .rules import HEIGHT, MAX_TICKS, WIDTH
from .setting import EXITS, GOALS, JEWEL
from .sight import ECHO, STRIDE, shows_goal

NEAR_WALL = 8 * CELL  # no room is longer
SCALE = 1.0 / WIDTH


@rule
def features(state, seat, out):
    x, y = state.x[seat], state.y[seat]
    room = room_at(state, x, y)
    out[X] = 2 * x / WIDTH - 1
    out[Y] = 2 * y / HEIGHT - 1
    out[ALARM] = 1.0 if state.lifted > 0 else 0.0
    out[TIME] = 1.0 - state.tick / MAX_TICKS
    sense_walls(state, room, x, y, out)
    sense_doors(state, room, x, y, out)
    for goal in range(GOALS):
        if shows_goal(state, seat, goal):
            sense_goal(state, goal, room, x, y, out)
        else:
            blank(GOALS_AT + 3 * goal, 2, out)
            out[GOALS_AT + 3 * goal + 2] = 1.0
    sense_plan(state, out)
    out[COS] = cosine(state.facing[seat]) / 256
    out[SIN] = sine(state.facing[seat]) / 256
    if seat == 0:
        sense_guards(state, x, y, out)
    else:
        sense_mates(state, seat, x, y, out)
        sense_thief(state, x, y, out)
    sense_way(state, seat, room, x, y, out)


@rule
def sense_walls(state, room, x, y, out):
    """How far the walls of the room are."""
    out[WALLS] = shortened(x - state.left[room])
    out[WALLS + 1] = shortened(state.right[room] - x)
    out[WALLS + 2] = shortened(y - state.top[room])
    out[WALLS + 3] = shortened(state.bottom[room] - y)


@rule
def shortened(gap):
    return min(max(gap / NEAR_WALL, -1.0), 1.0)


@rule
def sense_doors(state, room, x, y, out):
    for side in range(4):
        door, at = int(ROOM_DOORS[room, side]), DOORS_HERE + 4 * side
        if door >= 0 and state.door_open[door] == 1:
            dx, dy = state.door_x[door] - x, state.door_y[door] - y
            out[at] = 1.0
            out[at + 1] = dx * SCALE
            out[at + 2] = dy * SCALE
            out[at + 3] = distance(dx, dy) * SCALE / 2
        else:
            out[at] = 0.0
            out[at + 1] = 0.0
            out[at + 2] = 0.0
            out[at + 3] = 1.0


@rule
def sense_goal(state, goal, room, x, y, out):
    dx, dy, at = state.goal_x[goal] - x, state.goal_y[goal] - y, GOALS_AT + 3 * goal
    out[at] = dx * SCALE
    out[at + 1] = dy * SCALE
    if room == state.goal_room[goal]:
        out[at + 2] = distance(dx, dy) * SCALE / 2
        return
    shortest = 1.0
    for side in range(4):
        door = int(ROOM_DOORS[room, side])
        if door >= 0:
            shortest = min(shortest, out[DOORS_HERE + 4 * side + 3] + state.goal_far[goal, door] * (SCALE / 2))
    out[at + 2] = shortest


@rule
def sense_plan(state, out):
    out[STRAIGHT] = 1.0 if state.straight == 1 else 0.0
    for door in range(DOORS):
        out[DOORS_AT + door] = 2 * state.door_x[door] * (1.0 / WIDTH) - 1
        out[DOORS_AT + DOORS + door] = 2 * state.door_y[door] * (1.0 / HEIGHT) - 1
        out[DOORS_AT + 2 * DOORS + door] = state.door_open[door]


@rule
def sense_guards(state, x, y, out):
    out[NOTICED] = 1.0 if state.is_seen == 1 else 0.0
    out[LOUD] = state.stride / STRIDE
    for guard in range(3):
        at = GUARDS_AT + 5 * guard
        out[at] = 1.0 if state.in_view[guard] == 1 else 0.0
        if state.in_view[guard] == 1:
            sense_body(state, guard + 1, x, y, at + 1, out)
        else:
            blank(at + 1, 4, out)


@rule
def sense_mates(state, seat, x, y, out):
    at = MATES_AT
    for guard in range(1, 4):
        out[PLACE + guard - 1] = 1.0 if guard == seat else 0.0
        if guard != seat:
            sense_body(state, guard, x, y, at, out)
            at += 4


@rule
def sense_thief(state, x, y, out):
    out[SEEN] = 1.0 if state.is_seen == 1 else 0.0
    if state.is_seen == 1:
        sense_body(state, 0, x, y, SEEN + 1, out)
    else:
        blank(SEEN + 1, 4, out)
    out[NOISE] = state.echo / ECHO
    if state.echo > 0:
        point_at(x, y, state.noise_x, state.noise_y, NOISE + 1, out)
    else:
        blank(NOISE + 1, 2, out)


@rule
def sense_body(state, seat, x, y, at, out):
    point_at(x, y, state.x[seat], state.y[seat], at, out)
    out[at + 2] = cosine(state.facing[seat]) / 256
    out[at + 3] = sine(state.facing[seat]) / 256


@rule
def point_at(x, y, there_x, there_y, at, out):
    out[at] = (there_x - x) * SCALE
    out[at + 1] = (there_y - y) * SCALE


@rule
def blank(at, count, out):
    for entry in range(at, at + count):
        out[entry] = 0.0


@rule
def sense_way(state, seat, room, x, y, out):
    if seat == 0:
        sense_way_to_goal(state, room, x, y, out)
    elif state.is_seen == 1:
        sense_way_to(state, room, x, y, state.x[0], state.y[0], out)
    elif state.echo > 0:
        sense_way_to(state, room, x, y, state.noise_x, state.noise_y, out)
    else:
        blank(WAY, 3, out)


@rule
def sense_way_to_goal(state, room, x, y, out):
    best = EXITS if state.lifted > 0 else JEWEL
    if state.lifted > 0:
        for goal in range(EXITS + 1, GOALS):
            if out[GOALS_AT + 3 * goal + 2] < out[GOALS_AT + 3 * best + 2]:
                best = goal
    if not shows_goal(state, 0, best):
        blank(WAY, 3, out)
        return
    next_x, next_y, shortest = state.goal_x[best], state.goal_y[best], 2 * FAR
    for side in range(4):
        door = int(ROOM_DOORS[room, side])
        if room != state.goal_room[best] and door >= 0 and state.door_open[door] == 1:
            length = distance(state.door_x[door] - x, state.door_y[door] - y) + state.goal_far[best, door]
            if length < shortest:
                next_x, next_y, shortest = state.door_x[door], state.door_y[door], length
    point_at(x, y, next_x, next_y, WAY, out)
    out[WAY + 2] = out[GOALS_AT + 3 * best + 2]


@rule
def sense_way_to(state, room, x, y, there_x, there_y, out):
    """The next door on the shortest way to a place, or the place itself in the same room."""
    there = room_at(state, there_x, there_y)
    if room == there:
        point_at(x, y, there_x, there_y, WAY, out)
        out[WAY + 2] = distance(there_x - x, there_y - y) * SCALE / 2
        return
    shortest = 2 * FAR
    for last_side in range(4):
        last = int(ROOM_DOORS[there, last_side])
        if last < 0 or state.door_open[last] == 0:
            continue
        tail = distance(state.door_x[last] - there_x, state.door_y[last] - there_y)
        for side in range(4):
            door = int(ROOM_DOORS[room, side])
            if door >= 0 and state.door_open[door] == 1:
                dx, dy = state.door_x[door] - x, state.door_y[door] - y
                length = distance(dx, dy) + state.far[door, last] + tail
                if length < shortest:
                    shortest = length
                    out[WAY] = dx * SCALE
                    out[WAY + 1] = dy * SCALE
    out[WAY + 2] = min(shortest * SCALE / 2, 1.0)
