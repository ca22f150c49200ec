"""Where jewels and exits lie and everybody starts, and how long the ways to the goals are."""

import numpy as np

from ..contract import CELL, i8, rule
from ..geometry import distance
from ..rng import randint
from .plan import COLUMNS, DOORS, FAR, ROOM_DOORS, ROOMS, ROOMS_X, ROWS, gap_between, open_at, room_at

JEWEL, EXITS, GOALS = 0, 1, 5  # the jewel, and the first of the exits
SETTING = {
    "order": (i8, ROOMS),  # rooms in chance order
    "goal_x": (i8, GOALS),
    "goal_y": (i8, GOALS),
    "goal_room": (i8, GOALS),
    "goal_far": (np.int16, (GOALS, DOORS)),  # how long the way is from each door
}


@rule
def furnish(state):
    """Exits first: the thief starts in one of them. The jewel and the guards keep out of its room and the rooms beside it."""
    for side in range(4):
        place_exit(state, side)
    start = EXITS + randint(state, 4)
    state.x[0] = state.goal_x[start]
    state.y[0] = state.goal_y[start]
    shuffle_rooms(state)
    place_things(state, state.goal_room[start])
    for goal in range(GOALS):
        measure_goal(state, goal)


@rule
def place_exit(state, side):
    """A gap of two cells in the outer wall of some room of that side."""
    if side < 2:
        column = randint(state, ROOMS_X)
        room, y = (column, 0) if side == 0 else (ROOMS - ROOMS_X + column, ROWS - 1)
        put_goal(state, EXITS + side, gap_between(state, state.left[room], state.right[room]), y * CELL + CELL // 2)
    else:
        row = randint(state, ROOMS // ROOMS_X)
        room, x = (row * ROOMS_X, 0) if side == 2 else (row * ROOMS_X + ROOMS_X - 1, COLUMNS - 1)
        put_goal(state, EXITS + side, x * CELL + CELL // 2, gap_between(state, state.top[room], state.bottom[room]))
    open_at(state, state.goal_x[EXITS + side], state.goal_y[EXITS + side], side >= 2)


@rule
def put_goal(state, goal, x, y):
    state.goal_x[goal] = x
    state.goal_y[goal] = y
    state.goal_room[goal] = room_at(state, x, y)


@rule
def shuffle_rooms(state):
    """Fisher and Yates (1938)."""
    for i in range(ROOMS):
        state.order[i] = i
    for i in range(ROOMS - 1, 0, -1):
        j = randint(state, i + 1)
        one, other = state.order[i], state.order[j]
        state.order[i] = other
        state.order[j] = one


@rule
def place_things(state, start_room):
    """The jewel in the first room of the order that is far enough, guards in the next three."""
    placed = 0
    for i in range(ROOMS):
        room = state.order[i]
        if room_gap(room, start_room) >= 2 and placed < 4:
            x, y = (
                place_in(state, state.left[room], state.right[room]),
                place_in(state, state.top[room], state.bottom[room]),
            )
            if placed == 0:
                put_goal(state, JEWEL, x, y)
            else:
                state.x[placed] = x
                state.y[placed] = y
                state.facing[placed] = randint(state, 256)
            placed += 1


@rule
def room_gap(one, other):
    """How many rooms apart, counted along rows and columns."""
    return abs(one % ROOMS_X - other % ROOMS_X) + abs(one // ROOMS_X - other // ROOMS_X)


@rule
def place_in(state, first, end):
    """The middle of some cell of a stretch, none of the outer two."""
    return first + CELL + CELL // 2 + CELL * randint(state, (end - first) // CELL - 2)


@rule
def measure_goal(state, goal):
    room = state.goal_room[goal]
    for door in range(DOORS):
        state.goal_far[goal, door] = FAR
    for side in range(4):
        last = int(ROOM_DOORS[room, side])
        if last >= 0 and state.door_open[last] == 1:
            length = distance(state.goal_x[goal] - state.door_x[last], state.goal_y[goal] - state.door_y[last])
            for door in range(DOORS):
                whole = min(length + state.far[door, last], FAR)
                state.goal_far[goal, door] = min(state.goal_far[goal, door], whole)
