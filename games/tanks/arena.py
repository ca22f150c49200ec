"""Where tanks fight: rooms of 2 x 2 cells in a lattice, with walls one cell thick between some of them, laid out by seed.

A room's number is row * COLUMNS + column; bit r of `open_east` tells whether a tank passes from room r to r + 1, bit r of
`open_south` from r to r + COLUMNS, bit r of `solid` whether it is filled with wall. Turned half round, an arena stays the same.
Every room can be reached from every other, and none is a dead end.
"""

from ..contract import rule
from ..rng import randint

COLUMNS, ROWS, PITCH = 8, 6, 3
ROOMS = COLUMNS * ROWS
WIDE, HIGH = COLUMNS * PITCH + 1, ROWS * PITCH + 1  # in cells, with the wall around
ALL = (1 << ROOMS) - 1
EAST_EDGES = sum(1 << room for room in range(ROOMS) if room % COLUMNS < COLUMNS - 1)
SOUTH_EDGES = (1 << (ROOMS - COLUMNS)) - 1
BLOCKS, STROKES = 2, 11  # that are tried, each with its counterpart
LONGEST = 3  # stroke, in rooms
EAST, SOUTH, WEST, NORTH = range(4)
STEP_X = 1, 0, -1, 0
STEP_Y = 0, 1, 0, -1
MOST_BARS = (
    45  # no row of the lattice has more than four bars, no column more than three, and there are two pairs of blocks
)


@rule
def lay_out(state):
    state.open_east = EAST_EDGES
    state.open_south = SOUTH_EDGES
    for _ in range(BLOCKS):
        try_block(state)
    for _ in range(STROKES):
        try_stroke(state)
    build_walls(state)


@rule
def try_block(state):
    """Fills a room that is not at the border."""
    east, south, solid = state.open_east, state.open_south, state.solid
    room = (1 + randint(state, ROWS - 2)) * COLUMNS + 1 + randint(state, COLUMNS - 2)
    state.solid |= (1 << room) | (1 << (ROOMS - 1 - room))
    close_east(state, room)
    close_east(state, room - 1)
    close_south(state, room)
    close_south(state, room - COLUMNS)
    keep_if_roomy(state, east, south, solid)


@rule
def try_stroke(state):
    """Draws a wall from a post of the lattice, straight or bent once."""
    east, south, solid = state.open_east, state.open_south, state.solid
    x, y, way = 1 + randint(state, COLUMNS - 1), 1 + randint(state, ROWS - 1), randint(state, 4)
    length, bend = 1 + randint(state, LONGEST), randint(state, 4)
    for _ in range(length):
        close_along(state, x, y, way)
        x, y = x + STEP_X[way], y + STEP_Y[way]
    if bend < 2:
        close_along(state, x, y, (way + 1 + 2 * bend) % 4)
    keep_if_roomy(state, east, south, solid)


@rule
def close_along(state, x, y, way):
    """The wall from a post to the next in a direction, where both lie in the arena."""
    x, y = min(x, x + STEP_X[way]), min(y, y + STEP_Y[way])
    if way % 2 == 0 and 0 <= x < COLUMNS and 0 < y < ROWS:
        close_south(state, (y - 1) * COLUMNS + x)
    elif way % 2 == 1 and 0 < x < COLUMNS and 0 <= y < ROWS:
        close_east(state, y * COLUMNS + x - 1)


@rule
def close_east(state, room):
    state.open_east &= ~((1 << room) | (1 << (ROOMS - 2 - room)))


@rule
def close_south(state, room):
    state.open_south &= ~((1 << room) | (1 << (ROOMS - 1 - COLUMNS - room)))


@rule
def keep_if_roomy(state, east, south, solid):
    """Takes the newest walls away again if they cut something off or make a dead end."""
    if not is_roomy(state.open_east, state.open_south, state.solid):
        state.open_east = east
        state.open_south = south
        state.solid = solid


@rule
def is_roomy(east, south, solid):
    """Whether every room that is not solid has two exits, and all hang together."""
    west, north = east << 1, south << COLUMNS
    two_exits = (east & west) | (south & north) | ((east | west) & (south | north))
    rooms = ALL & ~solid
    return rooms & ~two_exits == 0 and flood(east, south, rooms & -rooms) == rooms


@rule
def flood(east, south, reached):
    """The rooms that can be reached from some."""
    before = 0
    while reached != before:
        before = reached
        reached |= spread(east, south, reached)
    return reached


@rule
def spread(east, south, rooms):
    """The rooms next to some, through what is open."""
    return ((rooms & east) << 1) | ((rooms >> 1) & east) | ((rooms & south) << COLUMNS) | ((rooms >> COLUMNS) & south)


@rule
def passes(east, south, room, way):
    """Whether a tank gets from a room into the next one in a direction."""
    if way == EAST:
        return (east >> room) & 1 == 1
    if way == SOUTH:
        return (south >> room) & 1 == 1
    if way == WEST:
        return room > 0 and (east >> (room - 1)) & 1 == 1
    return room >= COLUMNS and (south >> (room - COLUMNS)) & 1 == 1


@rule
def build_walls(state):
    """Fills `walls`, cell by cell, and `bar`, the rectangles they are drawn as; the wall around comes first."""
    for row in range(ROWS + 1):
        edges = 0 if row % ROWS == 0 else state.open_south >> ((row - 1) * COLUMNS)
        add_bars(state, edges, 1, COLUMNS, 0, row)
    for column in range(COLUMNS + 1):
        edges = 0 if column % COLUMNS == 0 else state.open_east >> (column - 1)
        add_bars(state, edges, COLUMNS, ROWS, column, 0)
    for room in range(ROOMS):
        if (state.solid >> room) & 1 == 1:
            add_bar(state, room % COLUMNS, room // COLUMNS, 1, 1)


@rule
def add_bars(state, edges, stride, count, x, y):
    """The bars of one row or column of the lattice, from the post at (x, y) on; bit k * stride of `edges` is an opening."""
    start = 0
    for k in range(count + 1):
        if k == count or (edges >> (k * stride)) & 1 == 1:
            if k > start:
                is_row = 1 if stride == 1 else 0
                length = k - start
                add_bar(state, x + is_row * start, y + (1 - is_row) * start, is_row * length, (1 - is_row) * length)
            start = k + 1


@rule
def add_bar(state, x, y, w, h):
    """A wall from the post at (x, y) to one that lies so many rooms farther. Four numbers of five bits make a bar."""
    left, top, right, bottom = x * PITCH, y * PITCH, (x + w) * PITCH + 1, (y + h) * PITCH + 1
    state.bar[state.bars] = left << 15 | top << 10 | (right - left) << 5 | (bottom - top)
    state.bars += 1
    for row in range(top, bottom):
        for column in range(left, right):
            state.walls[row, column] = 1
