"""How scripted players find their way: the plan learnt once from features, the next door to a place, and a step towards it."""

import numpy as np

from ..contract import CELL, i8, rule
from ..geometry import distance
from .names import DOORS_AT, STRAIGHT, X, Y
from .plan import (
    DOORS,
    FAR,
    PLAN,
    ROOM_DOORS,
    ROOMS,
    measure_rooms,
    measure_ways,
    room_at,
)  # fmt: skip
from .rules import HEIGHT, WIDTH
from .walk import HALF, STAY

ROUTES = {**PLAN, "known": i8, "apart": (np.int16, (ROOMS, ROOMS)), "aim_x": i8, "aim_y": i8}
BEYOND = 7 * CELL // 8  # so far behind a door its next room is reached
STEEP = 5  # halves: a way so much longer along one axis is straight
CLOSE = 20


@rule
def recall(features, memory):
    """The plan stays as it is, so it is read once."""
    if memory.known == 1:
        return
    memory.known = 1
    memory.straight = 1 if features[STRAIGHT] > 0.5 else 0
    for door in range(DOORS):
        memory.door_x[door] = across(features[DOORS_AT + door])
        memory.door_y[door] = down(features[DOORS_AT + DOORS + door])
        memory.door_open[door] = 1 if features[DOORS_AT + 2 * DOORS + door] > 0.5 else 0
    measure_rooms(memory)
    measure_ways(memory)
    for one in range(ROOMS):
        for other in range(ROOMS):
            memory.apart[one, other] = way_length(
                memory, middle_x(memory, one), middle_y(memory, one), middle_x(memory, other), middle_y(memory, other)
            )


@rule
def across(feature):
    return int((feature + 1) * WIDTH / 2 + 0.5)


@rule
def down(feature):
    return int((feature + 1) * HEIGHT / 2 + 0.5)


@rule
def own_x(features):
    return across(features[X])


@rule
def own_y(features):
    return down(features[Y])


@rule
def offset(feature):
    return int(np.floor(feature * WIDTH + 0.5))


@rule
def middle_x(memory, room):
    return (memory.left[room] + memory.right[room]) // 2


@rule
def middle_y(memory, room):
    return (memory.top[room] + memory.bottom[room]) // 2


@rule
def way_length(memory, x, y, there_x, there_y):
    """On foot; sets the aim to the next thing on the way: a place behind a door, or the goal itself."""
    room, there = room_at(memory, x, y), room_at(memory, there_x, there_y)
    memory.aim_x = there_x
    memory.aim_y = there_y
    if room == there:
        return distance(there_x - x, there_y - y)
    shortest, through = 2 * FAR, 0
    for last_side in range(4):
        last = int(ROOM_DOORS[there, last_side])
        if last >= 0 and memory.door_open[last] == 1:
            tail = distance(memory.door_x[last] - there_x, memory.door_y[last] - there_y)
            for side in range(4):
                door = int(ROOM_DOORS[room, side])
                if door >= 0 and memory.far[door, last] + tail < shortest:
                    head = distance(memory.door_x[door] - x, memory.door_y[door] - y)
                    if head + memory.far[door, last] + tail < shortest:
                        shortest, through = head + memory.far[door, last] + tail, side
    aim_through(memory, room, through)
    return shortest


@rule
def aim_through(memory, room, side):
    door = int(ROOM_DOORS[room, side])
    memory.aim_x = memory.door_x[door] + (-BEYOND if side == 0 else BEYOND if side == 1 else 0)
    memory.aim_y = memory.door_y[door] + (-BEYOND if side == 2 else BEYOND if side == 3 else 0)


@rule
def step_to_aim(features, memory):
    x, y = own_x(features), own_y(features)
    return step_along(features, memory, memory.aim_x - x, memory.aim_y - y)


@rule
def step_along(features, memory, dx, dy):
    """The direction nearest to (dx, dy). Who stands in a gap of a wall leaves it first, unless the aim lies on its other side."""
    if abs(dx) < CLOSE and abs(dy) < CLOSE:
        return STAY
    x, y = own_x(features), own_y(features)
    room = room_at(memory, x, y)
    if x - HALF < memory.left[room] <= memory.aim_x:
        dx = max(dx, abs(dy))
    elif x + HALF > memory.right[room] >= memory.aim_x:
        dx = min(dx, -abs(dy))
    if y - HALF < memory.top[room] <= memory.aim_y:
        dy = max(dy, abs(dx))
    elif y + HALF > memory.bottom[room] >= memory.aim_y:
        dy = min(dy, -abs(dx))
    return direction_of(dx, dy)


@rule
def direction_of(dx, dy):
    """The nearest of eight."""
    sideways = 0 if STEEP * abs(dx) < 2 * abs(dy) else -1 if dx < 0 else 1
    upright = 0 if STEEP * abs(dy) < 2 * abs(dx) else -1 if dy < 0 else 1
    if upright == 0:
        return 3 if sideways < 0 else 4 if sideways > 0 else STAY
    if sideways == 0:
        return 1 if upright < 0 else 2
    return 5 + (1 if sideways > 0 else 0) + (2 if upright > 0 else 0)
