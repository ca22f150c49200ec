"""What Heist's hard thief makes of the guards it remembers, and of the ways to all doors."""

from ..contract import CELL, rule
from ..geometry import distance
from .names import GUARDS_AT, NOTICED
from .plan import DOOR_ROOMS, DOORS, FAR, ROOM_DOORS, room_at
from .routes import offset, own_x, own_y

WORRY = 40  # decisions for which a guard is thought to be near where it was
DRIFT = 15  # how much nearer it may have come in each
PACE = 190  # of 256: a guard's speed to the thief's
MARGIN = 3 * CELL // 2  # the lead that a way should have


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
