"""Heist's scripted thieves."""

from ..contract import CELL, i8, rule
from ..geometry import distance
from ..rng import randint
from .names import ALARM, COS, GOALS_AT, GUARDS_AT, NOTICED, SIN
from .plan import DOOR_ROOMS, DOORS, FAR, ROOM_DOORS, ROOMS, room_at
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
WORRY = 40  # decisions for which a guard is thought to be near where it was
DRIFT = 15  # how much nearer it may have come in each
PACE = 190  # of 256: a guard's speed to the thief's
MARGIN = 3 * CELL // 2  # the lead that a way should have
RESOLVE = 2 * CELL
IMPATIENCE = CELL // 32  # what lead it does without after each decision that it was thwarted
LOOKED = CELL // 2  # from the middle of a room: it has been looked into
SCARE = 4 * CELL
HURRY = 20  # decisions after being seen


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
def note_guards(features, memory):
    for guard in range(3):
        at = GUARDS_AT + 5 * guard
        if features[at] > 0.5:
            memory.guard_x[guard] = own_x(features) + offset(features[at + 1])
            memory.guard_y[guard] = own_y(features) + offset(features[at + 2])
            memory.guard_at[guard] = memory.now
    if features[NOTICED] > 0.5:
        memory.spotted = memory.now


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


@rule
def is_remembered(memory, guard):
    return memory.guard_at[guard] > 0 and memory.now - memory.guard_at[guard] < WORRY


@rule
def assess_doors(memory):
    """How far the nearest guard is from each door; one that is out of sight may have come nearer."""
    for door in range(DOORS):
        memory.reach[door] = FAR
    for guard in range(3):
        if is_remembered(memory, guard):
            x, y, walked = memory.guard_x[guard], memory.guard_y[guard], DRIFT * (memory.now - memory.guard_at[guard])
            room = room_at(memory, x, y)
            for side in range(4):
                first = int(ROOM_DOORS[room, side])
                if first >= 0 and memory.door_open[first] == 1:
                    head = distance(memory.door_x[first] - x, memory.door_y[first] - y) - walked
                    for door in range(DOORS):
                        memory.reach[door] = min(memory.reach[door], head + memory.far[first, door])


@rule
def reach_of(memory, room, x, y):
    """How far the nearest guard is from a place."""
    nearest = FAR
    for guard in range(3):
        if is_remembered(memory, guard) and room_at(memory, memory.guard_x[guard], memory.guard_y[guard]) == room:
            nearest = min(nearest, distance(memory.guard_x[guard] - x, memory.guard_y[guard] - y))
    for side in range(4):
        door = int(ROOM_DOORS[room, side])
        if door >= 0 and memory.door_open[door] == 1:
            nearest = min(nearest, memory.reach[door] + distance(memory.door_x[door] - x, memory.door_y[door] - y))
    return nearest


@rule
def explore(memory, x, y):
    """The ways to all doors, after Dijkstra (1959): how long, how costly, and with what least lead before the guards."""
    room = room_at(memory, x, y)
    for door in range(DOORS):
        memory.cost[door] = FAR
        memory.done[door] = 0
    for side in range(4):
        door = int(ROOM_DOORS[room, side])
        if door >= 0 and memory.door_open[door] == 1:
            length = distance(memory.door_x[door] - x, memory.door_y[door] - y)
            reach_door(memory, door, length, 0, FAR, side)
    for _ in range(DOORS):
        door = cheapest(memory)
        if door < 0:
            return
        memory.done[door] = 1
        for i in range(8):
            room = int(DOOR_ROOMS[door, i // 4])
            other = int(ROOM_DOORS[room, i % 4])
            if other >= 0 and memory.door_open[other] == 1 and memory.done[other] == 0:
                length = memory.length[door] + memory.far[door, other]
                extra = memory.cost[door] - memory.length[door]
                reach_door(memory, other, length, extra, memory.lead[door], memory.first[door])


@rule
def reach_door(memory, door, length, extra, lead, side):
    lead = min(lead, memory.reach[door] - length * PACE // 256)
    cost = length + extra + price(memory.reach[door] - length * PACE // 256)
    if cost < memory.cost[door]:
        memory.cost[door] = cost
        memory.length[door] = length
        memory.lead[door] = lead
        memory.first[door] = side


@rule
def price(lead):
    """What detour a lead that is too small is worth."""
    return 4 * CELL + 4 * (MARGIN - lead) if lead < MARGIN else 0


@rule
def cheapest(memory):
    best = -1
    for door in range(DOORS):
        if memory.done[door] == 0 and memory.cost[door] < FAR and (best < 0 or memory.cost[door] < memory.cost[best]):
            best = door
    return best


@rule
def choose_goal(features, memory, x, y):
    """An exit after the alarm; before, the jewel if it was seen, or a room that the thief has not been in."""
    memory.best_cost = 8 * FAR
    room = room_at(memory, x, y)
    if features[ALARM] > 0.5:
        for goal in range(EXITS, GOALS):
            at = GOALS_AT + 3 * goal
            consider(memory, room, x, y, x + offset(features[at]), y + offset(features[at + 1]), 0)
    elif memory.jewel_known == 1:
        consider(memory, room, x, y, memory.jewel_x, memory.jewel_y, 0)
    else:
        for other in range(ROOMS):
            if memory.visited[other] == 0:
                dx, dy = middle_x(memory, other) - x, middle_y(memory, other) - y
                behind = -int(features[COS] * dx + features[SIN] * dy) // 2
                consider(memory, room, x, y, x + dx, y + dy, behind)
    memory.last_x = memory.best_x
    memory.last_y = memory.best_y
    take_aim(memory, room)


@rule
def take_aim(memory, room):
    memory.aim_x = memory.best_x
    memory.aim_y = memory.best_y
    if memory.best_side >= 0:
        aim_through(memory, room, memory.best_side)


@rule
def consider(memory, room, x, y, there_x, there_y, extra):
    """Takes a place for the goal if its way costs least; to change one's mind costs a little too."""
    there = room_at(memory, there_x, there_y)
    cost, length, lead, through = 4 * FAR, 0, FAR, -1
    if there == room:
        length = distance(there_x - x, there_y - y)
        cost = length
    else:
        for side in range(4):
            door = int(ROOM_DOORS[there, side])
            if door >= 0 and memory.cost[door] < FAR:
                tail = distance(memory.door_x[door] - there_x, memory.door_y[door] - there_y)
                if memory.cost[door] + tail < cost:
                    cost, length = memory.cost[door] + tail, memory.length[door] + tail
                    lead, through = memory.lead[door], memory.first[door]
    last_lead = reach_of(memory, there, there_x, there_y) - length * PACE // 256
    cost += extra + price(last_lead)
    if there_x == memory.last_x and there_y == memory.last_y:
        cost -= RESOLVE
    if cost < memory.best_cost:
        memory.best_cost = cost
        memory.best_lead = min(lead, last_lead)
        memory.best_side = through
        memory.best_x = there_x
        memory.best_y = there_y


@rule
def seek_refuge(memory, x, y):
    """Runs through one door after the other, never straight back, towards the one it reaches with the greatest lead."""
    room = room_at(memory, x, y)
    if memory.fled > 0 and is_running(memory, x, y):
        memory.aim_x = memory.flee_x
        memory.aim_y = memory.flee_y
        return
    best, best_worth = -1, -8 * FAR
    is_calm = memory.spotted == 0 or memory.now - memory.spotted > HURRY
    if is_calm and reach_of(memory, room, x, y) > 5 * CELL:
        best_worth = reach_of(memory, room, x, y) - memory.thwarted * IMPATIENCE
    for door in range(DOORS):
        if memory.cost[door] < FAR:
            worth = refuge_worth(memory, door)
            if int(ROOM_DOORS[room, memory.first[door]]) == memory.fled - 1:
                worth -= 3 * CELL
            if worth > best_worth:
                best, best_worth = door, worth
    if best < 0:
        memory.aim_x = x
        memory.aim_y = y
        return
    aim_through(memory, room, memory.first[best])
    memory.fled = 1 + int(ROOM_DOORS[room, memory.first[best]])
    memory.flee_x = memory.aim_x
    memory.flee_y = memory.aim_y


@rule
def refuge_worth(memory, door):
    last = memory.reach[door] - memory.length[door] * PACE // 256
    return min(memory.lead[door], 10 * CELL) + min(last, 10 * CELL) // 2 - memory.length[door] // 8


@rule
def is_running(memory, x, y):
    """Whether it is still on its way through a door, and first there."""
    gap = distance(memory.flee_x - x, memory.flee_y - y)
    return CELL // 4 < gap < 12 * CELL and memory.reach[memory.fled - 1] > gap * PACE // 256 - CELL
