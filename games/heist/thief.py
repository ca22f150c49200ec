"""Heist's scripted thieves."""

from ..contract import CELL, i8, rule
from ..geometry import distance
from ..rng import randint
from .names import ALARM, COS, GOALS_AT, GUARDS_AT, NOTICED, SIN
from .plan import DOORS, FAR, ROOM_DOORS, ROOMS, room_at
from .routes import aim_through, middle_x, middle_y, offset, own_x, own_y, recall, step_along, step_to_aim, way_length
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
    "risk": (i8, ROOMS),  # lengths of detour that a room is worth
    "cost": (i8, DOORS),
    "first": (i8, DOORS),  # the side of the own room through which the way to a door leads
    "done": (i8, DOORS),
    "reach": (i8, DOORS),  # how far the nearest guard is from a door
    "best_cost": i8,
    "best_side": i8,
    "best_x": i8,
    "best_y": i8,
    "last_x": i8,
    "last_y": i8,
}
WORRY = 75  # decisions for which a guard is thought to be near where it was
SHY = 2 * CELL  # nearer guards are passed on the far side
HURRY = 20  # decisions after being seen


@rule
def easy_thief(features, mask, memory):
    """The shortest way to a jewel in sight or an exit, whoever is there; else some room."""
    recall(features, memory)
    x, y = own_x(features), own_y(features)
    goal = nearest_goal(features)
    if features[GOALS_AT + 3 * goal + 2] < 1:
        way_length(memory, x, y, x + offset(features[GOALS_AT + 3 * goal]), y + offset(features[GOALS_AT + 3 * goal + 1]))
        return step_to_aim(features, memory)
    if memory.goal == 0 or distance(x - middle_x(memory, memory.goal - 1), y - middle_y(memory, memory.goal - 1)) < CELL:
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
    """Looks into every room; keeps away from the guards it sees, and always runs."""
    recall(features, memory)
    memory.now += 1
    for guard in range(3):
        memory.guard_at[guard] = 0
    note_guards(features, memory)
    note_jewel(features, memory)
    return sneak_by(features, memory)


@rule
def hard_thief(features, mask, memory):
    recall(features, memory)
    memory.now += 1
    note_guards(features, memory)
    note_jewel(features, memory)
    way = sneak_by(features, memory)
    return way + WAYS - 1 if way != STAY and should_sneak(features, memory) else way


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
    memory.visited[room_at(memory, x, y)] = 1
    if features[GOALS_AT + 2] < 1 and features[ALARM] < 0.5:
        memory.jewel_known = 1
        memory.jewel_x = x + offset(features[GOALS_AT])
        memory.jewel_y = y + offset(features[GOALS_AT + 1])


@rule
def should_sneak(features, memory):
    """While a guard could hear that does not know yet."""
    if features[ALARM] > 0.5 or (memory.spotted > 0 and memory.now - memory.spotted < HURRY):
        return False
    for guard in range(3):
        if worry(memory, guard) > 0:
            dx, dy = memory.guard_x[guard] - own_x(features), memory.guard_y[guard] - own_y(features)
            if distance(dx, dy) < HEARING + CELL:
                return True
    return False


@rule
def worry(memory, guard):
    """How sure it is that a guard is still where it was, WORRY down to 0."""
    return max(WORRY - memory.now + memory.guard_at[guard], 0) if memory.guard_at[guard] > 0 else 0


@rule
def sneak_by(features, memory):
    """The way to a goal that costs least, with detours for guards; a step aside from those that are close."""
    assess_rooms(memory)
    assess_doors(memory)
    explore(features, memory)
    aim_at_best(features, memory)
    dx, dy = memory.aim_x - own_x(features), memory.aim_y - own_y(features)
    scale = max(distance(dx, dy), 1)
    dx, dy = dx * CELL // scale, dy * CELL // scale
    for guard in range(3):
        if worry(memory, guard) > WORRY - 4:
            away_x, away_y = own_x(features) - memory.guard_x[guard], own_y(features) - memory.guard_y[guard]
            gap = max(distance(away_x, away_y), 1)
            if gap < SHY:
                push = (SHY - gap) * CELL // SHY
                dx += away_x * push // gap
                dy += away_y * push // gap
    return step_along(features, memory, dx, dy)


@rule
def assess_rooms(memory):
    for room in range(ROOMS):
        memory.risk[room] = 0
    for guard in range(3):
        sure = worry(memory, guard)
        if sure > 0:
            memory.risk[room_at(memory, memory.guard_x[guard], memory.guard_y[guard])] += 8 * CELL * sure // WORRY


@rule
def assess_doors(memory):
    """How soon a guard could be there, who may have walked since it was seen."""
    for door in range(DOORS):
        memory.reach[door] = FAR
    for guard in range(3):
        if worry(memory, guard) > 0:
            room = room_at(memory, memory.guard_x[guard], memory.guard_y[guard])
            for side in range(4):
                first = int(ROOM_DOORS[room, side])
                if first >= 0 and memory.door_open[first] == 1:
                    head = distance(memory.door_x[first] - memory.guard_x[guard], memory.door_y[first] - memory.guard_y[guard])
                    head += 10 * (memory.now - memory.guard_at[guard])
                    for door in range(DOORS):
                        memory.reach[door] = min(memory.reach[door], head + memory.far[first, door])


@rule
def contested(memory, door, length):
    """What it costs to go through a door that a guard may reach first."""
    late = length + CELL - memory.reach[door]
    return 4 * CELL + 2 * late if late > 0 and memory.reach[door] < 8 * CELL else 0


@rule
def explore(features, memory):
    """Costs of the ways to all doors, after Dijkstra (1959)."""
    x, y = own_x(features), own_y(features)
    room = room_at(memory, x, y)
    for door in range(DOORS):
        memory.cost[door] = FAR
        memory.done[door] = 0
    for side in range(4):
        door = int(ROOM_DOORS[room, side])
        if door >= 0 and memory.door_open[door] == 1:
            length = distance(memory.door_x[door] - x, memory.door_y[door] - y)
            memory.cost[door] = length + contested(memory, door, length)
            memory.first[door] = side
    for _ in range(DOORS):
        door = cheapest(memory)
        if door < 0:
            return
        memory.done[door] = 1
        spread(memory, door)


@rule
def cheapest(memory):
    best = -1
    for door in range(DOORS):
        if memory.done[door] == 0 and memory.cost[door] < FAR and (best < 0 or memory.cost[door] < memory.cost[best]):
            best = door
    return best


@rule
def spread(memory, door):
    for room in range(ROOMS):
        is_beside = False
        for side in range(4):
            is_beside = is_beside or int(ROOM_DOORS[room, side]) == door
        if is_beside:
            spread_in(memory, door, room)


@rule
def spread_in(memory, door, room):
    for side in range(4):
        other = int(ROOM_DOORS[room, side])
        if other >= 0 and memory.door_open[other] == 1 and memory.done[other] == 0:
            length = memory.cost[door] + memory.far[door, other]
            cost = length + memory.risk[room] + contested(memory, other, length)
            if cost < memory.cost[other]:
                memory.cost[other] = cost
                memory.first[other] = memory.first[door]


@rule
def blocked(memory, x, y, there_x, there_y):
    """What it costs to go where a guard would be first."""
    own, cost = distance(there_x - x, there_y - y), 0
    for guard in range(3):
        sure = worry(memory, guard)
        theirs = distance(there_x - memory.guard_x[guard], there_y - memory.guard_y[guard])
        if sure > 0 and theirs < own + 2 * CELL and theirs < 7 * CELL:
            cost += 12 * CELL * sure // WORRY
    return cost


@rule
def aim_at_best(features, memory):
    """An exit after the alarm; before, a jewel that it saw, or a room it has not been in."""
    x, y = own_x(features), own_y(features)
    memory.best_cost = 4 * FAR
    if features[ALARM] > 0.5:
        for goal in range(EXITS, GOALS):
            at = GOALS_AT + 3 * goal
            consider(memory, x, y, x + offset(features[at]), y + offset(features[at + 1]), 0)
    elif memory.jewel_known == 1:
        consider(memory, x, y, memory.jewel_x, memory.jewel_y, 0)
    else:
        for room in range(ROOMS):
            if memory.visited[room] == 0:
                dx, dy = middle_x(memory, room) - x, middle_y(memory, room) - y
                behind = -int(features[COS] * dx + features[SIN] * dy) // 2
                consider(memory, x, y, middle_x(memory, room), middle_y(memory, room), behind)
    memory.last_x = memory.best_x
    memory.last_y = memory.best_y
    memory.aim_x = memory.best_x
    memory.aim_y = memory.best_y
    if memory.best_side >= 0:
        aim_through(memory, room_at(memory, x, y), memory.best_side)


@rule
def consider(memory, x, y, there_x, there_y, extra):
    """Takes a place for the best if it costs least: the way, what guards are near, and a little to change one's mind."""
    there = room_at(memory, there_x, there_y)
    cost, through = 3 * FAR, -1
    if there == room_at(memory, x, y):
        cost = distance(there_x - x, there_y - y)
    else:
        for side in range(4):
            door = int(ROOM_DOORS[there, side])
            if door >= 0 and memory.cost[door] < FAR:
                whole = memory.cost[door] + distance(memory.door_x[door] - there_x, memory.door_y[door] - there_y)
                if whole < cost:
                    cost, through = whole, memory.first[door]
    cost += extra + blocked(memory, x, y, there_x, there_y) + memory.risk[there]
    if there_x == memory.last_x and there_y == memory.last_y:
        cost -= CELL
    if cost < memory.best_cost:
        memory.best_cost = cost
        memory.best_side = through
        memory.best_x = there_x
        memory.best_y = there_y


