"""Heist's scripted thieves."""

from ..contract import CELL, i8, rule
from ..geometry import distance
from ..rng import randint
from .dangers import MARGIN, assess_doors, explore, is_remembered, note_guards
from .getaway import HURRY, IMPATIENCE, choose_goal, seek_refuge
from .names import ALARM, GOALS_AT, GUARDS_AT
from .plan import DOORS, FAR, ROOM_DOORS, ROOMS, room_at
from .routes import aim_through, middle_x, middle_y, offset, own_x, own_y, recall, step_to_aim, way_length
from .setting import EXITS, GOALS, JEWEL
from .sight import HEARING
from .walk import STAY, WAYS

THIEF_MEMORY = {
    "guard_x": (i8, 3),  # where each was last seen
    "guard_y": (i8, 3),
    "guard_at": (i8, 3),  # when; 0: never
    "jewel_x": i8,
    "jewel_y": i8,
    "jewel_known": i8,
    "spotted": i8,  # when it was last seen itself
    "reach": (i8, DOORS),  # how far the nearest guard is from a door
    "cost": (i8, DOORS),  # of the way to a door: its length, and detours that its dangers are worth
    "length": (i8, DOORS),
    "lead": (i8, DOORS),  # the least that the thief is ahead of the guards on that way
    "first": (i8, DOORS),  # the side of its room through which the way leads
    "done": (i8, DOORS),
    "best_cost": i8,  # the goal that is best
    "best_lead": i8,
    "best_side": i8,
    "best_x": i8,
    "best_y": i8,
    "last_x": i8,  # the goal before
    "last_y": i8,
    "fled": i8,  # 1 more than the door through which it runs, or ran last
    "thwarted": i8,  # for how many decisions it could not go where it would
    "flee_x": i8,
    "flee_y": i8,
}
LOOKED = CELL // 2  # from the middle of a room: it has been looked into
SCARE = 4 * CELL


@rule
def easy_thief(features, mask, memory):
    """The shortest way to a jewel in sight or an exit, whoever is there; else some room."""
    recall(features, memory)
    x, y = own_x(features), own_y(features)
    goal = nearest_goal(features)
    if features[GOALS_AT + 3 * goal + 2] < 1:
        way_length(
            memory, x, y, x + offset(features[GOALS_AT + 3 * goal]), y + offset(features[GOALS_AT + 3 * goal + 1])
        )
        return step_to_aim(features, memory)
    if (
        memory.goal == 0
        or distance(x - middle_x(memory, memory.goal - 1), y - middle_y(memory, memory.goal - 1)) < CELL
    ):
        memory.goal = 1 + randint(memory, ROOMS)
    way_length(memory, x, y, middle_x(memory, memory.goal - 1), middle_y(memory, memory.goal - 1))
    return step_to_aim(features, memory)


@rule
def nearest_goal(features):
    if features[ALARM] < 0.5:
        return JEWEL
    best = EXITS
    for goal in range(EXITS + 1, GOALS):
        if features[GOALS_AT + 3 * goal + 2] < features[GOALS_AT + 3 * best + 2]:
            best = goal
    return best


@rule
def normal_thief(features, mask, memory):
    """Looks into every room, the nearest next; runs from a guard it sees close by."""
    recall(features, memory)
    note_jewel(features, memory)
    x, y = own_x(features), own_y(features)
    here = room_at(memory, x, y)
    guard = close_guard(features)
    if guard >= 0:
        return run_from(features, memory, here, x + offset(features[guard]), y + offset(features[guard + 1]))
    if features[ALARM] > 0.5:
        at = GOALS_AT + 3 * nearest_goal(features)
        way_length(memory, x, y, x + offset(features[at]), y + offset(features[at + 1]))
    elif memory.jewel_known == 1:
        way_length(memory, x, y, memory.jewel_x, memory.jewel_y)
    else:
        room = nearest_unseen(memory, here)
        way_length(memory, x, y, middle_x(memory, room), middle_y(memory, room))
    return step_to_aim(features, memory)


@rule
def close_guard(features):
    """Where features of the nearest guard begin that is within SCARE; -1: none is."""
    best, nearest = -1, SCARE
    for guard in range(3):
        at = GUARDS_AT + 5 * guard
        gap = distance(offset(features[at + 1]), offset(features[at + 2]))
        if features[at] > 0.5 and gap < nearest:
            best, nearest = at + 1, gap
    return best


@rule
def run_from(features, memory, room, guard_x, guard_y):
    """Through the door that the guard is farthest from."""
    best, best_worth = 0, -FAR
    for side in range(4):
        door = int(ROOM_DOORS[room, side])
        if door >= 0 and memory.door_open[door] == 1:
            worth = distance(memory.door_x[door] - guard_x, memory.door_y[door] - guard_y)
            if worth > best_worth:
                best, best_worth = side, worth
    aim_through(memory, room, best)
    return step_to_aim(features, memory)


@rule
def nearest_unseen(memory, here):
    best = -1
    for room in range(ROOMS):
        if memory.visited[room] == 0 and (best < 0 or memory.apart[here, room] < memory.apart[here, best]):
            best = room
    return max(best, 0)


@rule
def hard_thief(features, mask, memory):
    recall(features, memory)
    memory.now += 1
    note_guards(features, memory)
    note_jewel(features, memory)
    x, y = own_x(features), own_y(features)
    assess_doors(memory)
    explore(memory, x, y)
    choose_goal(features, memory, x, y)
    if memory.best_lead < MARGIN - memory.thwarted * IMPATIENCE:
        memory.thwarted += 1
        seek_refuge(memory, x, y)
    else:
        memory.thwarted = max(memory.thwarted - 1, 0)
    way = step_to_aim(features, memory)
    return way + WAYS - 1 if way != STAY and should_sneak(features, memory, x, y) else way


@rule
def note_jewel(features, memory):
    x, y = own_x(features), own_y(features)
    room = room_at(memory, x, y)
    if distance(middle_x(memory, room) - x, middle_y(memory, room) - y) < LOOKED:
        memory.visited[room] = 1
    if features[GOALS_AT + 2] < 1 and features[ALARM] < 0.5:
        memory.jewel_known = 1
        memory.jewel_x = x + offset(features[GOALS_AT])
        memory.jewel_y = y + offset(features[GOALS_AT + 1])


@rule
def should_sneak(features, memory, x, y):
    """While a guard could hear that does not know yet, and is not too near to walk slowly."""
    if features[ALARM] > 0.5 or (memory.spotted > 0 and memory.now - memory.spotted < HURRY):
        return False
    nearest = FAR
    for guard in range(3):
        if is_remembered(memory, guard):
            nearest = min(nearest, distance(memory.guard_x[guard] - x, memory.guard_y[guard] - y))
    return CELL * 3 < nearest < HEARING + CELL
