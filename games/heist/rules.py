"""Heist. A thief must find a jewel, lift it and leave; three guards hunt with lanterns. After Castle Wolfenstein (1981).

Units: 1/256 of a field cell, x right, y down, 60 ticks a second; angles count 256 to the turn. Seat 0 is the thief. Goal 0 is
the jewel, 1 to 4 are the exits: up, down, left, right. Nobody knows where the jewel lies until the thief sees it. Lifting it sets
off the alarm, which everybody hears. A guard's touch ends the match, and so does leaving with the jewel; when time is out the
guards have won.
"""

import numpy as np

from ..contract import CELL, Spec, i4, i8, record, rule, u8
from ..geometry import turn_between
from ..rng import seed_rng
from .names import GUARD_NAMES, THIEF_NAMES
from .plan import COLUMNS, MAX_RUNS, PLAN, ROWS, build, find_runs
from .setting import JEWEL, SETTING, furnish
from .sight import listen, look, make_noise
from .walk import ANGLE, HEIGHT, STAY, WAYS, WIDTH, walk

SEATS, GUARDS, THIEF = 4, 3, 0
TOUCH = 208  # between middles
RUN, SNEAK, GUARD_SPEED = 26, 15, 13  # a tick
LADEN = 2  # with the jewel, the thief goes at half its speed
TURN_RATE = 8  # of a guard, a tick
MAX_TICKS = 2700
WATCH = 4  # ticks between looks
ALARM, CAUGHT, ESCAPED, LATE = 1, 8, 16, 32
DIRECTIONS = ("up", "down", "left", "right", "up_left", "up_right", "down_left", "down_right")

SPEC = Spec(
    name="heist",
    version=1,
    summary="A thief, a jewel, three guards with lanterns.",
    seats=SEATS,
    roles=("thief", "guard", "guard", "guard"),
    teams=(0, 1, 1, 1),
    seat_names=("thief", "guard1", "guard2", "guard3"),
    actions={
        "thief": ("stay", *DIRECTIONS, *(f"sneak_{way}" for way in DIRECTIONS)),
        "guard": ("stay", *DIRECTIONS),
    },
    keys={
        **{way: way.replace("_", "+") for way in DIRECTIONS},
        **{f"sneak_{way}": "space+" + way.replace("_", "+") for way in DIRECTIONS},
    },
    features={"thief": THIEF_NAMES, "guard": GUARD_NAMES},
    planes=("self", "mate", "other", "ball", "wall", "food", "danger"),
    events=("alarm", "spotted", "heard", "caught", "escaped", "late"),
    effects={"spotted": "jump", "heard": "step", "caught": "lost", "escaped": "fanfare", "late": "lost"},
    field=(COLUMNS, ROWS + 1),
    grid=(COLUMNS, ROWS + 1),
    max_ticks=MAX_TICKS,
    max_shapes=MAX_RUNS + 48,
    score_random={"thief": -1.0, "guard": -0.75},  # against hard players on the other side
    score_reference={"thief": 0.4, "guard": 0.4},
)
STATE = record(
    rng=u8, tick=i4, events=i4, x=(i8, SEATS), y=(i8, SEATS), facing=(i8, SEATS), lifted=i8, stride=i8,
    echo=i8, noise_x=i8, noise_y=i8, is_seen=i8, in_view=(i8, GUARDS), jewel_seen=i8, **PLAN, **SETTING,
    walls=(np.int8, (ROWS, COLUMNS)), run_count=i8, runs=(np.int8, (MAX_RUNS, 4)),
)  # fmt: skip


@rule
def reset(state, seed):
    seed_rng(state, seed)
    build(state)
    furnish(state)
    find_runs(state)
    look(state)


@rule
def step(state, actions, rewards):
    listen(state, move_thief(state, actions[THIEF]))
    for seat in range(1, SEATS):
        move_guard(state, seat, actions[seat])
    lift(state)
    if state.tick % WATCH == WATCH - 1:
        look(state)
    ending = CAUGHT if is_caught(state) else ESCAPED if is_gone(state) else LATE if state.tick == MAX_TICKS - 1 else 0
    if ending != 0:
        finish(state, ending, rewards)
    return ending != 0


@rule
def move_thief(state, action):
    """Whether it runs."""
    if action == STAY:
        return False
    is_sneaking = action >= WAYS
    way = action - WAYS + 1 if is_sneaking else action
    speed = SNEAK if is_sneaking else RUN
    walk(state, THIEF, way, speed if state.lifted == 0 else speed // LADEN)
    state.facing[THIEF] = int(ANGLE[way])
    return not is_sneaking


@rule
def move_guard(state, seat, action):
    """The lantern turns where its bearer goes, but takes its time."""
    if action == STAY:
        return
    walk(state, seat, action, GUARD_SPEED)
    turn = turn_between(state.facing[seat], int(ANGLE[action]))
    state.facing[seat] = (state.facing[seat] + min(max(turn, -TURN_RATE), TURN_RATE)) % 256


@rule
def lift(state):
    if state.lifted == 0 and touches(state, state.goal_x[JEWEL], state.goal_y[JEWEL]):
        state.lifted = 1
        make_noise(state)
        state.events |= ALARM


@rule
def touches(state, x, y):
    """Whether the thief does."""
    dx, dy = state.x[THIEF] - x, state.y[THIEF] - y
    return dx * dx + dy * dy <= TOUCH * TOUCH


@rule
def is_caught(state):
    caught = False
    for seat in range(1, SEATS):
        caught = caught or touches(state, state.x[seat], state.y[seat])
    return caught


@rule
def is_gone(state):
    """With the jewel, in the outer wall, which is open at the exits alone."""
    x, y = state.x[THIEF], state.y[THIEF]
    is_outside = x < CELL or y < CELL or x >= WIDTH - CELL or y >= HEIGHT - CELL
    return state.lifted > 0 and is_outside


@rule
def finish(state, ending, rewards):
    state.events |= ending
    margin = 1 if ending == ESCAPED else -1
    rewards[THIEF] += margin
    for seat in range(1, SEATS):
        rewards[seat] -= margin
