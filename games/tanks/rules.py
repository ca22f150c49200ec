"""Tanks. Two tanks hunt each other among walls that hide them, first to three hits. After Kee Games' Tank (1974).

Units: 1/256 of a field cell, x right, y down, 60 ticks a second; angles of `geometry`, 256 to the turn. A tank turns the faster
the longer it turns, so that a tap aims finely. A shell bounces off a wall once, from then on it may hit who fired it, and
bursts at the next wall. A hit is a point for the other tank; both then start anew somewhere out of each other's sight. What a tank
sees is in `sight`. Places are odd and all moves even, so that nothing ever lies on the line between two cells, and either seat
plays the same game.
"""

import numpy as np

from ..contract import CELL, Spec, i4, i8, record, rule, u8
from ..geometry import TURN, clear_line
from ..rng import randint, seed_rng
from .arena import COLUMNS, HIGH, MOST_BARS, PITCH, ROOMS, WIDE, lay_out, passes
from .driving import move_tanks, turn_tank
from .shells import SHELLS, fire, fly, free_slot

GOAL = 3
RELOAD = 60
NOISE = 18  # ticks for which a seat hears from which room the other has fired
READY, WRECK = 45, 30  # ticks until a round begins, and before that with the wreck in view
FAR = 5  # rooms between two starting places, along both axes together
TRIES = 64
SHOT, RICOCHET, BURST, HIT, READIED, WON = 1, 2, 4, 8, 16, 32
ACTIONS = tuple(
    "_".join(filter(None, (drive, turn, gun))) or "stay"
    for gun in ("", "fire") for turn in ("", "left", "right") for drive in ("", "forward", "back")
)  # fmt: skip
FIRE = len(ACTIONS) // 2  # the first action that fires; action % 3 drives, action // 3 % 3 turns
ARROWS = {"forward": "up", "back": "down", "left": "left", "right": "right", "fire": "space"}
RAYS = 8
WALLS_KNOWN = 41  # the walls between rooms; the other half is the same, turned half round

SPEC = Spec(
    name="tanks",
    version=1,
    summary="Two tanks hunt each other among walls that hide them.",
    seats=2,
    roles=("tank", "tank"),
    teams=(0, 1),
    seat_names=("first", "second"),
    actions=ACTIONS,
    keys={action: "+".join(ARROWS[part] for part in action.split("_")) for action in ACTIONS if action != "stay"},
    mirror="xy",
    features=(
        "x", "y", "heading_cos", "heading_sin", "spin", "reload", "shells_left", "own_score", "other_score", "wait", "time_left",
        "own_wreck", "other_wreck", "seen", "other_dx", "other_dy", "other_ahead", "other_side", "other_cos", "other_sin",
        "other_vx", "other_vy", "aim_turn", "shot_hits", "shot_returns", "noise", "noise_dx", "noise_dy",
        "threat", "threat_in", "threat_ahead", "threat_side",
        *(f"{whose}_shell_{i}_{what}" for whose in ("own", "other") for i in range(SHELLS) for what in ("dx", "dy", "vx", "vy", "legs")),
        *(f"clear_{TURN // RAYS * i}" for i in range(RAYS)),
        *(f"wall_{i}" for i in range(WALLS_KNOWN)),
    ),
    planes=("self", "mate", "other", "danger", "ball", "food", "wall"),
    events=("shot", "ricochet", "burst", "hit", "ready", "won"),
    effects={"ricochet": "bounce", "burst": "step", "hit": "boom", "ready": "tick", "won": "fanfare"},
    field=(WIDE, HIGH),
    grid=(WIDE, HIGH),
    max_ticks=7200,
    max_shapes=MOST_BARS + 32,
    score_random=0.0,
    score_reference=3.0,
)  # fmt: skip
STATE = record(
    rng=u8, open_east=i8, open_south=i8, solid=i8, tick=i4, events=i4, wait=i4, bars=i4, score=(i4, 2),
    x=(i4, 2), y=(i4, 2), move_x=(i4, 2), move_y=(i4, 2), heading=(i4, 2), spin=(i4, 2),
    reload=(i4, 2), wreck=(i4, 2), noise=(i4, 2), noise_room=(i4, 2),
    shell_x=(i4, 2 * SHELLS), shell_y=(i4, 2 * SHELLS), shell_vx=(i4, 2 * SHELLS), shell_vy=(i4, 2 * SHELLS), legs=(i4, 2 * SHELLS),
    bar=(i4, MOST_BARS), walls=(np.int8, (HIGH, WIDE)),
)  # fmt: skip


@rule
def reset(state, seed):
    seed_rng(state, seed)
    lay_out(state)
    begin_round(state)


@rule
def begin_round(state):
    """Puts the tanks into two rooms far apart and out of sight, each pair as likely as the other."""
    state.wait = READY
    for shell in range(2 * SHELLS):
        state.legs[shell] = 0
    for _ in range(TRIES):
        first, second = randint(state, ROOMS), randint(state, ROOMS)
        if suits(state, first, second):
            place_tank(state, 0, first)
            place_tank(state, 1, second)
            return
    place_tank(state, 0, 0)
    place_tank(state, 1, ROOMS - 1)


@rule
def suits(state, one, other):
    columns, rows = abs(one % COLUMNS - other % COLUMNS), abs(one // COLUMNS - other // COLUMNS)
    if columns + rows < FAR or ((state.solid >> one) | (state.solid >> other)) & 1 == 1:
        return False
    return not clear_line(state.walls, middle_x(one), middle_y(one), middle_x(other), middle_y(other))


@rule
def middle_x(room):
    return (room % COLUMNS * PITCH + 2) * CELL


@rule
def middle_y(room):
    return (room // COLUMNS * PITCH + 2) * CELL


@rule
def room_of(x, y):
    """The room that a place belongs to; half of a wall belongs to each of the rooms beside it."""
    return (y - CELL // 2) // (PITCH * CELL) * COLUMNS + (x - CELL // 2) // (PITCH * CELL)


@rule
def place_tank(state, tank, room):
    """In the middle of a room, loaded, facing one of its exits."""
    beside = 1 - 2 * tank  # places are odd
    state.x[tank] = middle_x(room) + beside
    state.y[tank] = middle_y(room) + beside
    way = randint(state, 4)
    while not passes(state.open_east, state.open_south, room, way):
        way = (way + 1) % 4
    state.heading[tank] = way * TURN // 4
    state.spin[tank] = 0
    state.reload[tank] = 0
    state.wreck[tank] = 0
    state.noise[tank] = 0


@rule
def step(state, actions, rewards):
    if state.wait > 0:
        pass_time(state)
        return False
    for tank in range(2):
        turn_tank(state, tank, actions[tank] // 3 % 3)
    move_tanks(state, actions[0] % 3, actions[1] % 3)
    for tank in range(2):
        state.noise[tank] = max(state.noise[tank] - 1, 0)
    for tank in range(2):
        work_gun(state, tank, actions[tank])
    fly_shells(state)
    return state.wreck[0] + state.wreck[1] > 0 and count_hits(state, rewards)


@rule
def pass_time(state):
    """While nobody moves: a wreck burns, then both wait in their new places."""
    state.wait -= 1
    if state.wait == READY:
        begin_round(state)
    elif state.wait == 0:
        state.events |= READIED


@rule
def work_gun(state, tank, action):
    if action >= FIRE and can_fire(state, tank):
        fire(state, tank)
        state.reload[tank] = RELOAD
        state.noise[1 - tank] = NOISE
        state.noise_room[1 - tank] = room_of(state.x[tank], state.y[tank])
        state.events |= SHOT
    state.reload[tank] = max(state.reload[tank] - 1, 0)


@rule
def can_fire(state, tank):
    return state.wait == 0 and state.reload[tank] == 0 and free_slot(state, tank) >= 0


@rule
def fly_shells(state):
    for shell in range(2 * SHELLS):
        if state.legs[shell] > 0:
            before = state.legs[shell]
            fly(state, shell)
            if state.legs[shell] < before:
                state.events |= RICOCHET if state.legs[shell] > 0 else BURST


@rule
def count_hits(state, rewards):
    """Whoever is hit, by whichever shell, gives the other a point; True when that decides the match."""
    for tank in range(2):
        if state.wreck[tank] == 1:
            state.score[1 - tank] += 1
            rewards[1 - tank] += 1
            rewards[tank] -= 1
    state.events |= HIT
    state.wait = READY + WRECK
    if state.score[0] < GOAL and state.score[1] < GOAL:
        return False
    state.events |= WON
    return True


@rule
def legal(state, seat, out):
    """Nobody fires while reloading, while too many own shells fly, or before a round begins."""
    may_fire = 1 if can_fire(state, seat) else 0
    for action in range(FIRE):
        out[action] = 1
        out[FIRE + action] = may_fire
