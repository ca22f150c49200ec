"""How Snake's hard player looks ahead: breadth first, over the moves after which each cell is free.

`memory.wait[now]` holds these for the board as it is, `memory.wait[then]` for the board as it will be; `memory.moves` and
`memory.before` tell how many moves away a cell is, and from where it is reached (-1: not at all).
"""

from ..contract import rule
from ..rng import randint
from .rules import CELLS, SIDE, beyond
from .senses import BOARD

HEAD_X, HEAD_Y, FOOD_DX, FOOD_DY, LENGTH, OTHER_DX, OTHER_DY, OTHER_LENGTH = 0, 1, 2, 3, 12, 13, 14, 15
NOW, THEN = range(2)


@rule
def choose_move(features, mask, memory):
    memory.head = cell_at(features, 0.0, 0.0)
    food = cell_at(features, features[FOOD_DX], features[FOOD_DY])
    read_board(features, memory)
    explore(memory, NOW, memory.head)
    if memory.moves[food] > 0:
        first = walk_back(memory, food, int(features[LENGTH] * CELLS + 0.5))
        if lives_on(memory, food):
            return direction_of(memory.head, first)
    return bide(features, mask, memory)


@rule
def cell_at(features, dx, dy):
    """The cell at a distance from the head, in features' units."""
    x = (SIDE - 1) * (0.5 + features[HEAD_X] / 2 + dx)
    y = (SIDE - 1) * (0.5 + features[HEAD_Y] / 2 + dy)
    return int(y + 0.5) * SIDE + int(x + 0.5)


@rule
def read_board(features, memory):
    """The other may eat, and so stay a move longer; where a longer one may go next is no place to be.

    Between equals chance decides who dares, or both would keep away from the food for ever.
    """
    for cell in range(CELLS):
        share = features[BOARD + cell]
        moves = int(abs(share) * CELLS + 0.5)
        memory.wait[NOW, cell] = moves if share >= 0 else moves + 1
    lead = features[OTHER_LENGTH] - features[LENGTH]
    if features[OTHER_LENGTH] > 0 and (lead > 0 or (lead == 0 and randint(memory, 6) > 0)):
        other = cell_at(features, features[OTHER_DX], features[OTHER_DY])
        for direction in range(4):
            near = beyond(other, direction)
            if near >= 0 and memory.wait[NOW, near] < 2:
                memory.wait[NOW, near] = 2


@rule
def explore(memory, board, start):
    """Fills `moves` and `before`: a cell may be entered when it will be free by then."""
    for cell in range(CELLS):
        memory.moves[cell] = -1
    memory.moves[start] = 0
    memory.queue[0] = start
    first, end = 0, 1
    while first < end:
        cell = memory.queue[first]
        first += 1
        for direction in range(4):
            near = beyond(cell, direction)
            if near >= 0 and memory.moves[near] < 0 and memory.wait[board, near] <= memory.moves[cell] + 1:
                memory.moves[near] = memory.moves[cell] + 1
                memory.before[near] = cell
                memory.queue[end] = near
                end += 1


@rule
def walk_back(memory, food, length):
    """Foresees the board when the food is eaten; returns the first cell on the way to it."""
    count = memory.moves[food]
    for cell in range(CELLS):
        memory.wait[THEN, cell] = max(memory.wait[NOW, cell] - count + 1, 0)
    cell = food
    for step in range(count, 0, -1):
        memory.wait[THEN, cell] = length + 1 - count + step
        first, cell = cell, memory.before[cell]
    return first


@rule
def lives_on(memory, start):
    """Whether from here some body is reached after it has moved away, so that one could follow it for ever."""
    explore(memory, THEN, start)
    bodies = 0
    for cell in range(CELLS):
        bodies += 1 if memory.moves[cell] > 0 and memory.wait[THEN, cell] > 0 else 0
    return bodies > 0


@rule
def bide(features, mask, memory):
    """The move after which the own tail is reached, and by the longest way; or the one that leaves most room."""
    best, best_worth = 0, -1
    length = int(features[LENGTH] * CELLS + 0.5)
    for action in range(4):
        cell = beyond(memory.head, action)
        if mask[action] == 0:
            continue
        worth = 0
        if cell >= 0 and memory.wait[NOW, cell] <= 1:
            worth = 2 + 2 * room_after(memory, cell, length) + randint(memory, 2)
        elif cell >= 0 and features[BOARD + cell] == 0:
            worth = 1
        if worth > best_worth:
            best, best_worth = action, worth
    return best


@rule
def room_after(memory, start, length):
    for cell in range(CELLS):
        memory.wait[THEN, cell] = max(memory.wait[NOW, cell] - 1, 0)
    memory.wait[THEN, start] = length
    if not lives_on(memory, start):
        return count_reached(memory)
    longest = 0
    for cell in range(CELLS):
        if memory.wait[THEN, cell] == 1 and memory.moves[cell] > longest:
            longest = memory.moves[cell]
    return CELLS + longest


@rule
def count_reached(memory):
    reached = 0
    for cell in range(CELLS):
        reached += 1 if memory.moves[cell] > 0 else 0
    return reached


@rule
def direction_of(cell, near):
    """Which way a neighbour lies."""
    for direction in range(4):
        if beyond(cell, direction) == near:
            return direction
    return 0
