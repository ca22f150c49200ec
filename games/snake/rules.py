"""Snake. Eat, grow, and crash into nothing; alone, or as a duel in which a crash loses. After Gremlin's Blockade (1976).

Units: board cells, 12 by 12, numbered row by row; 10 moves a second, a tick is a move. A body is a ring of cells, tail first:
`body[seat, (start + i) % CELLS]` is its i-th. All snakes move at once; the cell that a tail leaves is free in the same move.
"""

import numpy as np

from ..contract import Spec, i4, record, rule, u8
from ..rng import randint, seed_rng

SIDE = 12
CELLS = SIDE * SIDE
START_LENGTH, START_X, START_Y = 3, 1, 5  # of the first snake; the second sees the board turned half round
DUEL_MOVES = 600  # after which the longer snake has won
NOWHERE = -1
UP, DOWN, LEFT, RIGHT = range(4)  # the reverse of a direction is direction ^ 1
STEP_X = 0, 0, -1, 1
STEP_Y = -1, 1, 0, 0
ATE, CRASHED, WON, FULL = 1, 2, 4, 8

SPEC = Spec(
    name="snake",
    version=1,
    summary="Eat, grow, and crash into nothing; alone, or as a duel.",
    seats=(1, 2),
    roles=("snake", "snake"),
    teams=(0, 1),
    seat_names=("first", "second"),
    actions=("up", "down", "left", "right"),
    mirror="xy",
    mirror_actions=("down", "up", "right", "left"),
    keys={"up": "up", "down": "down", "left": "left", "right": "right"},
    features=(
        "head_x", "head_y", "food_dx", "food_dy", "going_up", "going_down", "going_left", "going_right",
        "clear_up", "clear_down", "clear_left", "clear_right",
        "length", "other_dx", "other_dy", "other_length", "is_duel", "duel_time",
        *(f"cell_{cell // SIDE}_{cell % SIDE}" for cell in range(CELLS)),
    ),
    planes=("self", "mate", "other", "danger", "food", "wall"),
    events=("ate", "crashed", "won", "full"),
    effects={"ate": "pick", "crashed": "thud", "won": "fanfare", "full": "fanfare"},
    field=(SIDE + 2, SIDE + 2),
    grid=(SIDE + 2, SIDE + 2),
    tick_rate=10,
    decision_ticks=1,
    max_ticks=3000,
    max_shapes=CELLS + 16,
    score_random={1: 0.15, 2: 0.0},
    score_reference={1: 120.0, 2: 1.0},
)  # fmt: skip
STATE = record(
    rng=u8, tick=i4, events=i4, seats=i4, food=i4, heading=(i4, 2), goal=(i4, 2), crashed=(i4, 2), start=(i4, 2), length=(i4, 2),
    body=(np.int16, (2, CELLS)), taken=(np.int8, CELLS),
)  # fmt: skip


@rule
def reset(state, seed):
    seed_rng(state, seed)
    for seat in range(state.seats):
        state.heading[seat] = turned(RIGHT, seat)
        for i in range(START_LENGTH):
            cell = START_Y * SIDE + START_X + i
            move_head(state, seat, cell if seat == 0 else CELLS - 1 - cell)
    place_food(state)


@rule
def turned(direction, seat):
    """A direction as the second seat sees it; both ways."""
    return direction ^ 1 if seat == 1 else direction


@rule
def place_food(state):
    """On one of the free cells, each as likely as the other."""
    left = randint(state, CELLS - state.length[0] - state.length[1])
    for cell in range(CELLS):
        if state.taken[cell] == 0:
            if left == 0:
                state.food = cell
                return
            left -= 1


@rule
def step(state, actions, rewards):
    for seat in range(state.seats):
        aim(state, seat, actions[seat])
    for seat in range(state.seats):
        if state.goal[seat] != state.food:
            move_tail(state, seat)
    for seat in range(state.seats):
        state.crashed[seat] = 1 if crashes(state, seat) else 0
    for seat in range(state.seats):
        if state.crashed[seat] == 0:
            move_head(state, seat, state.goal[seat])
    full = state.length[0] + state.length[1] == CELLS
    eat(state, full, rewards)
    return decide_duel(state, full, rewards) if state.seats == 2 else full or state.crashed[0] == 1


@rule
def aim(state, seat, action):
    """A snake that would reverse keeps its course."""
    if action != state.heading[seat] ^ 1:
        state.heading[seat] = action
    state.goal[seat] = beyond(head(state, seat), state.heading[seat])


@rule
def beyond(cell, direction):
    """The next cell in a direction, NOWHERE past the wall."""
    x, y = cell % SIDE + STEP_X[direction], cell // SIDE + STEP_Y[direction]
    return y * SIDE + x if 0 <= x < SIDE and 0 <= y < SIDE else NOWHERE


@rule
def head(state, seat):
    return state.body[seat, (state.start[seat] + state.length[seat] - 1) % CELLS]


@rule
def move_tail(state, seat):
    state.taken[state.body[seat, state.start[seat]]] = 0
    state.start[seat] = (state.start[seat] + 1) % CELLS
    state.length[seat] -= 1


@rule
def move_head(state, seat, cell):
    state.body[seat, (state.start[seat] + state.length[seat]) % CELLS] = cell
    state.taken[cell] = 1
    state.length[seat] += 1


@rule
def crashes(state, seat):
    """Into a wall, into a body, or head on into the other's head."""
    goal = state.goal[seat]
    if goal == NOWHERE or state.taken[goal] == 1:
        state.events |= CRASHED
        return True
    return state.seats == 2 and goal == state.goal[1 - seat]


@rule
def eat(state, full, rewards):
    """Food is worth a point to a snake that is alone."""
    if state.taken[state.food] == 0:
        return
    state.events |= ATE
    if state.seats == 1:
        rewards[0] += 1
    if full:
        state.events |= FULL
    else:
        place_food(state)


@rule
def decide_duel(state, full, rewards):
    """Who crashes alone has lost; otherwise, when it is over, the longer snake has won."""
    margin = state.crashed[1] - state.crashed[0]
    over = margin != 0 or state.crashed[0] == 1 or full or state.tick == DUEL_MOVES - 1
    if over and margin == 0:
        margin = min(max(state.length[0] - state.length[1], -1), 1)
    if margin != 0:
        rewards[0] += margin
        rewards[1] -= margin
        state.events |= WON
    return over


@rule
def legal(state, seat, out):
    """No snake reverses."""
    for action in range(4):
        out[action] = 1
    out[turned(state.heading[seat] ^ 1, seat)] = 0
