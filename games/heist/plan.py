"""The building: four by three rooms, laid out by seed, with doors between neighbours.

Cells: 24 by 18, walls one cell thick, doors two cells wide. The walls run straight one way and are staggered the other way. Doors
0 to 8 join a room to its right neighbour, 9 to 16 to the one below. Those in the straight walls all stand
open, of each staggered line at most one inner door is shut: everything is reached, and no room is a dead end.

`plan` is any record with the fields of PLAN: the state, and a bot's memory, which learns them from features.
"""

import numpy as np

from ..contract import CELL, i8, rule
from ..geometry import distance
from ..rng import randint

COLUMNS, ROWS = 24, 18
ROOMS_X, ROOMS_Y = 4, 3
ROOMS = ROOMS_X * ROOMS_Y
ACROSS = (ROOMS_X - 1) * ROOMS_Y  # doors between left and right
DOORS = ACROSS + ROOMS_X * (ROOMS_Y - 1)
WALL_X, SHIFT_X = (5, 11, 16), (3, 2, 3)  # the first column that a wall may stand in, and how many there are
WALL_Y, SHIFT_Y = (5, 11), (2, 2)
OUTSIDE = -1
FAR = 30000  # no way
MAX_RUNS = 48

PLAN = {
    "straight": i8,  # 1: the walls between left and right are straight, 0: those between above and below
    "door_x": (i8, DOORS),
    "door_y": (i8, DOORS),
    "door_open": (i8, DOORS),
    "left": (i8, ROOMS),  # the edges of a room's floor
    "right": (i8, ROOMS),
    "top": (i8, ROOMS),
    "bottom": (i8, ROOMS),
    "far": (np.int16, (DOORS, DOORS)),  # how long the way is from door to door
}


def _doors_of_rooms() -> np.ndarray:
    """(rooms, 4): the doors to the left, to the right, up and down; OUTSIDE where the building ends."""
    table = np.full((ROOMS, 4), OUTSIDE, np.int64)
    for room in range(ROOMS):
        row, column = divmod(room, ROOMS_X)
        if column > 0:
            table[room, 0] = row * (ROOMS_X - 1) + column - 1
        if column < ROOMS_X - 1:
            table[room, 1] = row * (ROOMS_X - 1) + column
        if row > 0:
            table[room, 2] = ACROSS + (row - 1) * ROOMS_X + column
        if row < ROOMS_Y - 1:
            table[room, 3] = ACROSS + row * ROOMS_X + column
    return table


ROOM_DOORS = _doors_of_rooms()
DOOR_ROOMS = np.array([[room for room in range(ROOMS) if door in ROOM_DOORS[room]] for door in range(DOORS)], np.int64)


@rule
def build(state):
    """Lays out walls and doors."""
    state.straight = randint(state, 2)
    place_walls(state)
    measure_rooms(state)
    for door in range(DOORS):
        state.door_open[door] = 1
    if state.straight == 1:
        for row in range(ROOMS_Y - 1):
            shut_one(state, ACROSS + row * ROOMS_X, 1, ROOMS_X)
    else:
        for column in range(ROOMS_X - 1):
            shut_one(state, column, ROOMS_X - 1, ROOMS_Y)
    for door in range(DOORS):
        place_door(state, door)
    carve(state)
    measure_ways(state)


@rule
def place_walls(state):
    """A door's place across its wall is the wall's."""
    for door in range(ACROSS):
        row, wall = door // (ROOMS_X - 1), door % (ROOMS_X - 1)
        shift = randint(state, SHIFT_X[wall])
        state.door_x[door] = (WALL_X[wall] + shift) * CELL + CELL // 2
        if row > 0 and state.straight == 1:
            state.door_x[door] = state.door_x[wall]
    for door in range(ACROSS, DOORS):
        wall, column = (door - ACROSS) // ROOMS_X, (door - ACROSS) % ROOMS_X
        shift = randint(state, SHIFT_Y[wall])
        state.door_y[door] = (WALL_Y[wall] + shift) * CELL + CELL // 2
        if column > 0 and state.straight == 0:
            state.door_y[door] = state.door_y[ACROSS + wall * ROOMS_X]


@rule
def shut_one(state, first, stride, count):
    """Perhaps an inner door of a line, so that no room is a dead end."""
    if randint(state, 4) > 0:
        state.door_open[first + stride * (1 + randint(state, count - 2))] = 0


@rule
def place_door(state, door):
    """Anywhere along what its two rooms share of their wall."""
    if door < ACROSS:
        room = door // (ROOMS_X - 1) * ROOMS_X + door % (ROOMS_X - 1)
        top, bottom = max(state.top[room], state.top[room + 1]), min(state.bottom[room], state.bottom[room + 1])
        state.door_y[door] = gap_between(state, top, bottom)
    else:
        room = door - ACROSS
        other = room + ROOMS_X
        left, right = max(state.left[room], state.left[other]), min(state.right[room], state.right[other])
        state.door_x[door] = gap_between(state, left, right)


@rule
def gap_between(state, first, end):
    """The middle of two cells of a stretch."""
    return first + CELL * (1 + randint(state, (end - first) // CELL - 1))


@rule
def measure_rooms(plan):
    """Floors reach from wall to wall, each half a cell from the middle of its own."""
    for room in range(ROOMS):
        left, right = int(ROOM_DOORS[room, 0]), int(ROOM_DOORS[room, 1])
        up, down = int(ROOM_DOORS[room, 2]), int(ROOM_DOORS[room, 3])
        plan.left[room] = plan.door_x[left] + CELL // 2 if left >= 0 else CELL
        plan.right[room] = plan.door_x[right] - CELL // 2 if right >= 0 else (COLUMNS - 1) * CELL
        plan.top[room] = plan.door_y[up] + CELL // 2 if up >= 0 else CELL
        plan.bottom[room] = plan.door_y[down] - CELL // 2 if down >= 0 else (ROWS - 1) * CELL


@rule
def room_at(plan, x, y):
    """The room of a place; the middle of a wall parts one from the next."""
    if plan.straight == 1:
        column = 0
        for wall in range(ROOMS_X - 1):
            column += 1 if x > plan.door_x[wall] else 0
        row = 0
        for wall in range(ROOMS_Y - 1):
            row += 1 if y > plan.door_y[ACROSS + wall * ROOMS_X + column] else 0
    else:
        row = 0
        for wall in range(ROOMS_Y - 1):
            row += 1 if y > plan.door_y[ACROSS + wall * ROOMS_X] else 0
        column = 0
        for wall in range(ROOMS_X - 1):
            column += 1 if x > plan.door_x[row * (ROOMS_X - 1) + wall] else 0
    return row * ROOMS_X + column


@rule
def carve(state):
    """All is wall but floors and open doors."""
    for row in range(ROWS):
        for column in range(COLUMNS):
            state.walls[row, column] = 1
    for room in range(ROOMS):
        for row in range(state.top[room] // CELL, state.bottom[room] // CELL):
            for column in range(state.left[room] // CELL, state.right[room] // CELL):
                state.walls[row, column] = 0
    for door in range(DOORS):
        if state.door_open[door] == 1:
            open_at(state, state.door_x[door], state.door_y[door], door < ACROSS)


@rule
def open_at(state, x, y, is_upright):
    """Takes two cells out of a wall around a place between them."""
    state.walls[(y - 1) // CELL, (x - 1) // CELL] = 0
    state.walls[y // CELL if is_upright else (y - 1) // CELL, (x - 1) // CELL if is_upright else x // CELL] = 0


@rule
def measure_ways(plan):
    """The shortest ways from door to door, after Floyd (1962): straight through each room."""
    for one in range(DOORS):
        for other in range(DOORS):
            plan.far[one, other] = 0 if one == other else FAR
    for room in range(ROOMS):
        for i in range(4):
            one = int(ROOM_DOORS[room, i])
            for j in range(4):
                other = int(ROOM_DOORS[room, j])
                if one >= 0 and other >= 0 and one != other and plan.door_open[one] + plan.door_open[other] == 2:
                    dx, dy = plan.door_x[one] - plan.door_x[other], plan.door_y[one] - plan.door_y[other]
                    plan.far[one, other] = distance(dx, dy)
    for by in range(DOORS):
        for one in range(DOORS):
            head = plan.far[one, by]
            if head < FAR:
                for other in range(DOORS):
                    plan.far[one, other] = min(plan.far[one, other], head + plan.far[by, other])


@rule
def find_runs(state):
    """Joins wall cells into straight runs, few enough to draw: each is a column, a row, a width and a height in cells."""
    state.run_count = 0
    for row in range(ROWS):
        for column in range(COLUMNS):
            if state.walls[row, column] == 1 and state.run_count < MAX_RUNS:
                w, h = 1, 1
                while column + w < COLUMNS and state.walls[row, column + w] != 0:
                    w += 1
                while row + h < ROWS and state.walls[row + h, column] != 0:
                    h += 1
                add_run(state, column, row, w if w >= h else 1, h if h > w else 1)


@rule
def add_run(state, column, row, w, h):
    for cell in range(w * h):
        state.walls[row + cell // w, column + cell % w] = 2  # is part of a run
    run = state.run_count
    state.runs[run, 0] = column
    state.runs[run, 1] = row
    state.runs[run, 2] = w
    state.runs[run, 3] = h
    state.run_count = run + 1
