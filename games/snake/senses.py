"""What a snake perceives in numbers. The second seat sees the board turned half round."""

from ..contract import rule
from .rules import CELLS, DOWN, DUEL_MOVES, LEFT, RIGHT, SIDE, UP, head, turned

BOARD = 18  # where the cells of the board begin
STEP, PART, TIME = 1.0 / (SIDE - 1), 1.0 / CELLS, 1.0 / DUEL_MOVES  # factors, which are quicker than divisors


@rule
def features(state, seat, out):
    """Cells of the own body count up from the tail, those of the other's down; free ones are 0."""
    for entry in range(BOARD + CELLS):
        out[entry] = 0.0
    facing, own = 1 if seat == 0 else -1, head(state, seat)
    x, y = own % SIDE, own // SIDE
    out[0] = facing * (2 * x - SIDE + 1) * STEP
    out[1] = facing * (2 * y - SIDE + 1) * STEP
    point_at(x, y, state.food, facing, 2, out)
    out[4 + turned(state.heading[seat], seat)] = 1.0
    out[8 + turned(UP, seat)] = clear_cells(state, own, -SIDE, y)
    out[8 + turned(DOWN, seat)] = clear_cells(state, own, SIDE, SIDE - 1 - y)
    out[8 + turned(LEFT, seat)] = clear_cells(state, own, -1, x)
    out[8 + turned(RIGHT, seat)] = clear_cells(state, own, 1, SIDE - 1 - x)
    out[12] = state.length[seat] * PART
    show_body(state, seat, seat, PART, out)
    if state.seats == 2:
        point_at(x, y, head(state, 1 - seat), facing, 13, out)
        out[15] = state.length[1 - seat] * PART
        out[16] = 1.0
        out[17] = min(state.tick * TIME, 1.0)
        show_body(state, 1 - seat, seat, -PART, out)


@rule
def point_at(x, y, cell, facing, at, out):
    out[at] = facing * (cell % SIDE - x) * STEP
    out[at + 1] = facing * (cell // SIDE - y) * STEP


@rule
def clear_cells(state, cell, step, most):
    """What part of a row or column lies free ahead."""
    count = 0
    while count < most and state.taken[cell + step] == 0:
        cell += step
        count += 1
    return count * STEP


@rule
def show_body(state, body, seat, share, out):
    """How many moves until each cell is free."""
    at = state.start[body]
    for i in range(state.length[body]):
        cell = state.body[body, at]
        out[BOARD + (cell if seat == 0 else CELLS - 1 - cell)] = (i + 1) * share
        at = at + 1 if at + 1 < CELLS else 0
