"""Lantern: a test title. Two runners gather coins in the dark, two chasers hunt them; nobody sees farther than a lantern.

Units: whole field cells, 12 by 12, drawn in 1/256 cells. A chaser pounces two cells at once, then must rest. A caught runner
starts again in its corner. The margin of a team is coins gathered minus runners caught, or the reverse.
"""

from npckit.games.contract import CELL, Spec, i4, record, rule, u8
from npckit.games.frame import DANGER, FOOD, MATE, OTHER, SELF, disc, rect
from npckit.games.rng import randint, seed_rng

SIDE = 12
SIGHT = 4
REST = 5
STAY, NORTH, SOUTH, WEST, EAST, POUNCE = range(6)
COIN, CAUGHT = 1, 2
MOVES = ("stay", "north", "south", "west", "east")

SPEC = Spec(
    name="lantern",
    version=1,
    summary="Two runners gather coins in the dark, two chasers hunt them.",
    seats=4,
    roles=("runner", "runner", "chaser", "chaser"),
    teams=(0, 0, 1, 1),
    actions={"runner": MOVES, "chaser": (*MOVES, "pounce")},
    features={
        "runner": ("x", "y", "coin_dx", "coin_dy", "danger_dx", "danger_dy"),
        "chaser": ("x", "y", "prey_dx", "prey_dy", "rest"),
    },
    planes=("self", "mate", "other", "food", "danger"),
    events=("coin", "caught"),
    field=(SIDE, SIDE),
    grid=(SIDE, SIDE),
    tick_rate=10,
    decision_ticks=1,
    max_ticks=200,
    max_shapes=8,
    keys={"north": "up", "south": "down", "west": "left", "east": "right", "pounce": "space"},
    score_reference=5.0,
)
STATE = record(tick=i4, rng=u8, events=i4, x=(i4, 4), y=(i4, 4), rest=(i4, 4), facing=(i4, 4), coin_x=i4, coin_y=i4)


@rule
def reset(state, seed):
    seed_rng(state, seed)
    for seat in range(4):
        go_home(state, seat)
        state.facing[seat] = 1 + randint(state, 4)
    place_coin(state)


@rule
def go_home(state, seat):
    state.x[seat] = 0 if seat % 2 == 0 else SIDE - 1
    state.y[seat] = 0 if seat < 2 else SIDE - 1


@rule
def place_coin(state):
    state.coin_x = 1 + randint(state, SIDE - 2)
    state.coin_y = 1 + randint(state, SIDE - 2)


@rule
def step(state, actions, rewards):
    for seat in range(4):
        act(state, seat, actions[seat])
    for runner in range(2):
        if state.x[runner] == state.coin_x and state.y[runner] == state.coin_y:
            state.events |= COIN
            give(rewards, 0)
            place_coin(state)
        for chaser in range(2, 4):
            if state.x[runner] == state.x[chaser] and state.y[runner] == state.y[chaser]:
                state.events |= CAUGHT
                give(rewards, 1)
                go_home(state, runner)
    return False


@rule
def give(rewards, team):
    for seat in range(4):
        rewards[seat] += 1 if seat // 2 == team else -1


@rule
def act(state, seat, action):
    state.rest[seat] = max(state.rest[seat] - 1, 0)
    if action == POUNCE:
        state.rest[seat] = REST
        move(state, seat, state.facing[seat])
        move(state, seat, state.facing[seat])
    elif action != STAY:
        state.facing[seat] = action
        move(state, seat, action)


@rule
def move(state, seat, direction):
    dx = 1 if direction == EAST else -1 if direction == WEST else 0
    dy = 1 if direction == SOUTH else -1 if direction == NORTH else 0
    state.x[seat] = min(max(state.x[seat] + dx, 0), SIDE - 1)
    state.y[seat] = min(max(state.y[seat] + dy, 0), SIDE - 1)


@rule
def legal(state, seat, out):
    """Nobody walks into a wall; a resting chaser cannot pounce."""
    out[STAY] = 1
    out[NORTH] = 1 if state.y[seat] > 0 else 0
    out[SOUTH] = 1 if state.y[seat] < SIDE - 1 else 0
    out[WEST] = 1 if state.x[seat] > 0 else 0
    out[EAST] = 1 if state.x[seat] < SIDE - 1 else 0
    if seat >= 2:
        out[POUNCE] = 1 if state.rest[seat] == 0 else 0


@rule
def sees(state, seat, x, y):
    """A mate's place is always known; all else only by lantern light. Spectators see everything."""
    return seat < 0 or abs(state.x[seat] - x) + abs(state.y[seat] - y) <= SIGHT


@rule
def draw(state, seat, frame):
    if sees(state, seat, state.coin_x, state.coin_y):
        disc(frame, FOOD, state.coin_x * CELL + CELL // 2, state.coin_y * CELL + CELL // 2, CELL // 3, 0)
    for other in range(4):
        mates = seat < 0 or other // 2 == seat // 2
        if mates or sees(state, seat, state.x[other], state.y[other]):
            ink = SELF if other == max(seat, 0) else MATE if mates else OTHER if seat >= 2 else DANGER
            rect(frame, ink, state.x[other] * CELL, state.y[other] * CELL, CELL, CELL, 1 + other)


@rule
def features(state, seat, out):
    out[0] = 2 * state.x[seat] / (SIDE - 1) - 1
    out[1] = 2 * state.y[seat] / (SIDE - 1) - 1
    if seat < 2:
        point_at(state, seat, state.coin_x, state.coin_y, 2, out)
        nearest(state, seat, 2, 4, out)
    else:
        nearest(state, seat, 0, 2, out)
        out[4] = state.rest[seat] / REST


@rule
def nearest(state, seat, first, end, out):
    """The way to the first of some seats that is in sight."""
    at = 4 if seat < 2 else 2
    out[at] = 0
    out[at + 1] = 0
    for other in range(first, end):
        if sees(state, seat, state.x[other], state.y[other]):
            point_at(state, seat, state.x[other], state.y[other], at, out)
            return


@rule
def point_at(state, seat, x, y, at, out):
    seen = sees(state, seat, x, y)
    out[at] = (x - state.x[seat]) / SIDE if seen else 0.0
    out[at + 1] = (y - state.y[seat]) / SIDE if seen else 0.0
