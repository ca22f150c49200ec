"""Snake's picture: bodies are chains of links, so that one sees where they run; heads and food stand out."""

from ..contract import CELL, rule
from ..frame import DANGER, FOOD, HUD, MATE, OTHER, SELF, WALL, digits, disc, rect
from .rules import CELLS, SIDE, START_LENGTH, head

FIELD = (SIDE + 2) * CELL  # with the wall around the board
INSET = CELL // 8


@rule
def draw(state, seat, frame):
    for snake in range(state.seats):
        left = (2 + 6 * snake) * CELL if state.seats == 2 else 5 * CELL
        digits(frame, HUD, left, 5 * CELL, 3 * CELL, max(state.length[snake] - START_LENGTH, 0), snake)
    draw_walls(frame)
    disc(frame, FOOD, middle(state.food % SIDE), middle(state.food // SIDE), 3 * CELL // 8, 10 + state.food)
    for snake in range(state.seats):
        is_own = snake == max(seat, 0)
        draw_body(state, snake, MATE if is_own else OTHER, frame)
        cell = head(state, snake)
        disc(frame, SELF if is_own else DANGER, middle(cell % SIDE), middle(cell // SIDE), CELL // 2, 6 + snake)


@rule
def middle(column):
    return (column + 1) * CELL + CELL // 2


@rule
def draw_walls(frame):
    rect(frame, WALL, 0, 0, FIELD, CELL, 2)
    rect(frame, WALL, 0, FIELD - CELL, FIELD, CELL, 3)
    rect(frame, WALL, 0, CELL, CELL, FIELD - 2 * CELL, 4)
    rect(frame, WALL, FIELD - CELL, CELL, CELL, FIELD - 2 * CELL, 5)


@rule
def draw_body(state, snake, ink, frame):
    """Each link covers two cells that follow each other."""
    for i in range(state.length[snake] - 1):
        at = (state.start[snake] + i) % CELLS
        cell, after = state.body[snake, at], state.body[snake, (at + 1) % CELLS]
        x, y = min(cell % SIDE, after % SIDE), min(cell // SIDE, after // SIDE)
        w, h = (2, 1) if abs(cell - after) == 1 else (1, 2)
        tag = 10 + (1 + snake) * CELLS + at
        rect(
            frame, ink, (x + 1) * CELL + INSET, (y + 1) * CELL + INSET, w * CELL - 2 * INSET, h * CELL - 2 * INSET, tag
        )
