"""How Heist's guards follow the thief: straight, by its trace, and together."""

from ..contract import CELL, rule
from ..geometry import distance
from .names import ALARM, COS, GOALS_AT, MATES_AT, NOISE, PLACE, SEEN, SIN
from .plan import FAR, ROOM_DOORS, ROOMS, room_at
from .routes import middle_x, middle_y, offset, own_x, own_y, step_to_aim, way_length
from .setting import EXITS

PATIENCE = 150  # decisions for which a trace is followed
STALE = 100
FRESH = 0.85  # of an echo: it was heard since the last decision
STRAY = 3  # cells, ahead of where it was last seen, at which the thief is looked for
ARRIVED = 5 * CELL // 4


@rule
def go(features, memory, x, y):
    way_length(memory, own_x(features), own_y(features), x, y)
    return step_to_aim(features, memory)


@rule
def seen_x(features):
    return own_x(features) + offset(features[SEEN + 1])


@rule
def seen_y(features):
    return own_y(features) + offset(features[SEEN + 2])


@rule
def noise_x(features):
    return own_x(features) + offset(features[NOISE + 1])


@rule
def noise_y(features):
    return own_y(features) + offset(features[NOISE + 2])


@rule
def mate_x(features, mate):
    return own_x(features) + offset(features[MATES_AT + 4 * mate])


@rule
def mate_y(features, mate):
    return own_y(features) + offset(features[MATES_AT + 4 * mate + 1])


@rule
def note_trace(features, memory):
    """Where the thief was last seen or heard; a noise says less than a glimpse of the same moment."""
    if features[SEEN] > 0.5:
        keep_trace(memory, seen_x(features), seen_y(features))
        memory.trace_dx = int(features[SEEN + 3] * CELL)
        memory.trace_dy = int(features[SEEN + 4] * CELL)
    elif features[NOISE] > FRESH or (features[NOISE] > 0.0 and (memory.trace == 0 or memory.now - memory.trace > 8)):
        keep_trace(memory, noise_x(features), noise_y(features))


@rule
def keep_trace(memory, x, y):
    memory.trace = memory.now
    memory.trace_x = x
    memory.trace_y = y
    memory.trace_dx = 0
    memory.trace_dy = 0
    memory.goal = 0


@rule
def trace_room(memory):
    return room_at(memory, memory.trace_x + STRAY * memory.trace_dx, memory.trace_y + STRAY * memory.trace_dy)


@rule
def hunt(features, memory):
    """The nearest follows the trace; the others cut off the ways out."""
    rank = rank_to(features, memory, memory.trace_x, memory.trace_y)
    is_fresh = memory.now - memory.trace < 2
    if rank > 0 and features[ALARM] > 0.5:
        return hold_exit(features, memory, rank)
    if is_fresh:
        return (
            go(features, memory, memory.trace_x + memory.trace_dx, memory.trace_y + memory.trace_dy)
            if rank == 0
            else flank(features, memory)
        )
    return search(features, memory, rank)


@rule
def rank_to(features, memory, x, y):
    """How many mates have a shorter way to a place."""
    own, rank = way_length(memory, own_x(features), own_y(features), x, y), 0
    for mate in range(2):
        theirs = way_length(memory, mate_x(features, mate), mate_y(features, mate), x, y)
        is_before = features[PLACE] < 0.5 and (mate == 0 or features[PLACE + 2] > 0.5)
        rank += 1 if theirs < own or (theirs == own and is_before) else 0
    return rank


@rule
def hold_exit(features, memory, rank):
    """The exits that are nearest to the trace, each guard its own."""
    best, best_length, second, second_length = 0, 2 * FAR, 0, 2 * FAR
    for i in range(4):
        at = GOALS_AT + 3 * (EXITS + i)
        x, y = own_x(features) + offset(features[at]), own_y(features) + offset(features[at + 1])
        length = way_length(memory, memory.trace_x, memory.trace_y, x, y)
        if length < best_length:
            second, second_length = best, best_length
            best, best_length = at, length
        elif length < second_length:
            second, second_length = at, length
    at = best if rank == 1 else second
    return go(features, memory, own_x(features) + offset(features[at]), own_y(features) + offset(features[at + 1]))


@rule
def flank(features, memory):
    """Comes in by the door of the thief's room that lies best for it, and far from the other guards."""
    there, best, best_worth = room_at(memory, memory.trace_x, memory.trace_y), -1, -4 * FAR
    if there == room_at(memory, own_x(features), own_y(features)):
        return go(features, memory, memory.trace_x, memory.trace_y)
    for side in range(4):
        door = int(ROOM_DOORS[there, side])
        if door >= 0 and memory.door_open[door] == 1:
            x, y = memory.door_x[door], memory.door_y[door]
            worth = -way_length(memory, own_x(features), own_y(features), x, y)
            for mate in range(2):
                worth += min(distance(mate_x(features, mate) - x, mate_y(features, mate) - y), 6 * CELL) // 2
            if worth > best_worth:
                best, best_worth = door, worth
    if best < 0:
        return go(features, memory, memory.trace_x, memory.trace_y)
    return go(features, memory, memory.door_x[best], memory.door_y[best])


@rule
def search(features, memory, rank):
    """The nearest goes on into the room where the thief was going, the others through rooms it may have reached."""
    room = trace_room(memory)
    if rank == 0 and memory.visited[room] < memory.trace + 4:
        return go(features, memory, middle_x(memory, room), middle_y(memory, room))
    return make_rounds(features, memory)


@rule
def make_rounds(features, memory):
    """To a room where no guard was for long, that is near, and nearer to no mate; ahead rather than behind."""
    if memory.goal == 0 or is_at(features, memory, memory.goal - 1):
        memory.goal = 1 + choose_room(features, memory)
    return patrol(features, memory)


@rule
def choose_room(features, memory):
    here = room_at(memory, own_x(features), own_y(features))
    one = room_at(memory, mate_x(features, 0), mate_y(features, 0))
    two = room_at(memory, mate_x(features, 1), mate_y(features, 1))
    is_tracing = memory.trace > 0 and memory.now - memory.trace < PATIENCE
    likely = trace_room(memory)
    best, best_worth = here, -4 * FAR
    for room in range(ROOMS):
        own = memory.apart[here, room]
        worth = 30 * min(memory.now - memory.visited[room], STALE) - own
        if memory.apart[one, room] < own or memory.apart[two, room] < own:
            worth -= 1500
        if is_tracing:
            worth -= 3 * memory.apart[likely, room]
        dx = middle_x(memory, room) - own_x(features)
        dy = middle_y(memory, room) - own_y(features)
        worth += int(features[COS] * dx + features[SIN] * dy) // 4
        if room != here and worth > best_worth:
            best, best_worth = room, worth
    return best


@rule
def patrol(features, memory):
    return go(features, memory, middle_x(memory, memory.goal - 1), middle_y(memory, memory.goal - 1))


@rule
def is_at(features, memory, room):
    dx, dy = own_x(features) - middle_x(memory, room), own_y(features) - middle_y(memory, room)
    return distance(dx, dy) < ARRIVED
