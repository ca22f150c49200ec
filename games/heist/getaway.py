"""Where Heist's hard thief goes: to the goal whose way costs least, or out of the guards' reach."""

from ..contract import CELL, rule
from ..geometry import distance
from .dangers import PACE, price, reach_of
from .names import ALARM, COS, GOALS_AT, SIN
from .plan import DOORS, FAR, ROOM_DOORS, ROOMS, room_at
from .routes import aim_through, middle_x, middle_y, offset
from .setting import EXITS, GOALS

RESOLVE = 2 * CELL
IMPATIENCE = CELL // 32  # what lead it does without after each decision that it was thwarted
HURRY = 20  # decisions after being seen


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
