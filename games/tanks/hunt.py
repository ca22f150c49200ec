"""How Tanks' hard player searches: where the other may be, as a share of belief for each room, and the ways there.

What it sees empties rooms, what it hears fills one, and with time belief spreads through what is open, as a tank would.
"""

from ..contract import f4, i4, i8, record, rule, u8
from .arena import ALL, COLUMNS, HIGH, PITCH, ROOMS, ROWS, WIDE, passes, spread
from .rules import SPEC

MEMORY = record(
    rng=u8, east=i8, south=i8, knows=i4, clock=i4, target=i4, other_reload=i4, belief=(f4, ROOMS), spreading=(f4, ROOMS)
)  # fmt: skip
X, Y, COS, SIN, SEEN, OTHER_DX, HEARD, HEARD_DX, WALL = (
    SPEC.features_of("tank").index(name)
    for name in ("x", "y", "heading_cos", "heading_sin", "seen", "other_dx", "noise", "noise_dx", "wall_0")
)
JUST = 0.8  # of the time that a noise lasts
SPREAD_EVERY, SPREAD = 3, 0.03  # decisions; share of a room's belief that goes through each opening
RELOADED = 15  # decisions until the other is loaded again
FROM_HERE = 8  # moves that count against each target, so that much belief is worth a long way


@rule
def room_of(x, y):
    """The room of a place in cells; half of a wall belongs to each of the rooms beside it."""
    column, row = int(x - 0.5) // PITCH, int(y - 0.5) // PITCH
    return min(max(row, 0), ROWS - 1) * COLUMNS + min(max(column, 0), COLUMNS - 1)


@rule
def own_x(features):
    return (features[X] + 1) * WIDE / 2


@rule
def own_y(features):
    return (features[Y] + 1) * HIGH / 2


@rule
def own_room(features):
    return room_of(own_x(features), own_y(features))


@rule
def room_at(features, at):
    """The room at a distance that the features tell."""
    return room_of(own_x(features) + features[at] * WIDE, own_y(features) + features[at + 1] * WIDE)


@rule
def read_walls(features, memory):
    """Half of the walls are told; the others are the same, turned half round."""
    at, east, south = WALL, 0, 0
    for room in range(ROOMS // 2):
        if room % COLUMNS < COLUMNS - 1:
            if features[at] == 0:
                east |= (1 << room) | (1 << (ROOMS - 2 - room))
            at += 1
    for room in range((ROOMS - COLUMNS) // 2):
        if features[at] == 0:
            south |= (1 << room) | (1 << (ROOMS - 1 - COLUMNS - room))
        at += 1
    memory.east = east
    memory.south = south


@rule
def observe(features, memory):
    """Brings belief up to date."""
    if memory.knows == 0:
        read_walls(features, memory)
        believe_anywhere(memory)
        memory.knows = 1
        memory.other_reload = 0
        if features[HEARD] > 0:
            believe_in(memory, room_at(features, HEARD_DX))
    memory.other_reload = max(memory.other_reload - 1, 0)
    memory.clock += 1
    if features[HEARD] > JUST:
        memory.other_reload = RELOADED
        believe_in(memory, room_at(features, HEARD_DX))
    if features[SEEN] > 0:
        believe_in(memory, room_at(features, OTHER_DX))
        return
    if memory.clock % SPREAD_EVERY == 0:
        spread_belief(memory)
    rule_out(memory, in_view(memory.east, memory.south, own_room(features), features[COS], features[SIN]))


@rule
def believe_anywhere(memory):
    rooms = memory.east | (memory.east << 1) | memory.south | (memory.south << COLUMNS)
    for room in range(ROOMS):
        memory.belief[room] = 1.0 / ROOMS if (rooms >> room) & 1 == 1 else 0.0


@rule
def believe_in(memory, room):
    for other in range(ROOMS):
        memory.belief[other] = 0.0
    memory.belief[room] = 1.0


@rule
def spread_belief(memory):
    for room in range(ROOMS):
        memory.spreading[room] = memory.belief[room]
    for room in range(ROOMS):
        if (memory.east >> room) & 1 == 1:
            flow(memory, room, room + 1)
        if (memory.south >> room) & 1 == 1:
            flow(memory, room, room + COLUMNS)


@rule
def flow(memory, room, other):
    amount = SPREAD * (memory.spreading[room] - memory.spreading[other])
    memory.belief[room] -= amount
    memory.belief[other] += amount


@rule
def rule_out(memory, rooms):
    total = 0.0
    for room in range(ROOMS):
        if (rooms >> room) & 1 == 1:
            memory.belief[room] = 0.0
        total += memory.belief[room]
    if total < 0.001:
        believe_anywhere(memory)
    else:
        for room in range(ROOMS):
            memory.belief[room] /= total


@rule
def in_view(east, south, room, cos, sin):
    """The rooms straight ahead, in each direction of the lattice that lies in view; about what one sees."""
    here = 1 << room
    view = here
    right, left = here if cos > 0.7 else 0, here if cos < -0.7 else 0
    down, up = here if sin > 0.7 else 0, here if sin < -0.7 else 0
    for _ in range(COLUMNS - 1):
        right, left = (right & east) << 1, (left >> 1) & east
        down, up = (down & south) << COLUMNS, (up >> COLUMNS) & south
        view |= right | left | down | up
    return view


@rule
def choose_target(memory, room):
    """Where belief is great for the way there."""
    best, best_worth, moves = room, 0.0, 0
    reached, ring = 1 << room, 1 << room
    while ring != 0:
        for other in range(ROOMS):
            if (ring >> other) & 1 == 1:
                worth = memory.belief[other] / (moves + FROM_HERE)
                if worth > best_worth:
                    best, best_worth = other, worth
        ring = spread(memory.east, memory.south, reached) & ~reached & ALL
        reached |= ring
        moves += 1
    return best


@rule
def next_room(memory, room, target):
    """The next room on a shortest way to another."""
    reached, before = 1 << target, 0
    while (reached >> room) & 1 == 0 and reached != before:
        before = reached
        reached |= spread(memory.east, memory.south, reached)
    for way in range(4):
        if passes(memory.east, memory.south, room, way):
            near = room + (1 if way == 0 else COLUMNS if way == 1 else -1 if way == 2 else -COLUMNS)
            if (before >> near) & 1 == 1:
                return near
    return room
