"""Invaders. Rows that march and come down, shields that crumble, one cannon with three lives. After Taito's Space Invaders (1978).

Units: 1/256 of a field cell, x right, y down, 60 ticks a second. The formation marches a cell at a time, the more often the fewer
are left; at an edge it comes down and turns. `rows[row]` holds a bit for each invader that stands, `shields[shield]` one for each
cell that does, row by row. All bombs fall equally fast.
"""

from ..contract import Spec, i4, record, rule, u8
from ..rng import randint, seed_rng
from .bombs import drop_bombs, move_bombs
from .formation import hits_invader, line_up, march
from .layout import (
    BOMBS,
    BONUS,
    CANNON_SPEED,
    CANNON_W,
    CANNON_Y,
    CLEARED,
    COLUMNS,
    INVADER_H,
    LANDED,
    LOST,
    NONE,
    PITCH_Y,
    ROWS,
    SAUCER,
    SAUCER_H,
    SAUCER_SPEED,
    SAUCER_W,
    SAUCER_WORTH,
    SAUCER_Y,
    SHIELD_COLUMNS,
    SHIELDS,
    SHOT,
    SHOT_SPEED,
    WIDTH,
)
from .shields import build_shields, hits_shield
from .sprites import SPRITES

LIVES = 3
PAUSE = 40  # ticks, before a wave and after a hit
SAUCER_AFTER, SAUCER_WITHIN = 400, 700  # ticks
STAY, LEFT, RIGHT, FIRE, LEFT_FIRE, RIGHT_FIRE = range(6)
DIRECTION = 0, -1, 1, 0, -1, 1  # of each action

SPEC = Spec(
    name="invaders",
    version=1,
    summary="Marching rows, crumbling shields, one cannon.",
    seats=1,
    roles=("cannon",),
    teams=(0,),
    seat_names=("cannon",),
    actions=("stay", "left", "right", "fire", "left_fire", "right_fire"),
    keys={"left": "left", "right": "right", "fire": "space", "left_fire": "left+space", "right_fire": "right+space"},
    features=(
        "cannon_x", "shot_flies", "shot_dx", "shot_height", "pause", "lives", "wave", "covered",
        "formation_x", "formation_y", "direction", "period", "march_in", "left_edge", "right_edge", "lowest_y", "standing",
        "nearest_dx", "nearest_y", "saucer_flies", "saucer_dx", "saucer_direction", "bomb_speed",
        *(f"bomb_{i}_{what}" for i in range(BOMBS) for what in ("there", "dx", "in")),
        *(f"invader_{row}_{column}" for row in range(ROWS) for column in range(COLUMNS)),
        *(f"shield_{shield}_{column}" for shield in range(SHIELDS) for column in range(SHIELD_COLUMNS)),
    ),
    planes=("self", "other", "ball", "danger", "wall", "food"),
    events=("shot", "hit", "crumble", "lost", "step", "saucer", "bonus", "cleared", "landed"),
    effects={
        "hit": "pop", "crumble": "bounce", "lost": "boom", "saucer": "alarm", "bonus": "point", "cleared": "fanfare", "landed": "lost",
    },
    field=(64, 64),
    grid=(32, 32),
    max_ticks=10800,
    max_shapes=112,
    sprites=SPRITES,
    score_random=25.0,
    score_reference=400.0,
)  # fmt: skip
STATE = record(
    rng=u8, tick=i4, events=i4, pause=i4, cannon_x=i4, shot_x=i4, shot_y=i4, lives=i4, wave=i4, score=i4,
    formation_x=i4, formation_y=i4, direction=i4, march_in=i4, steps=i4, first=i4, last=i4, lowest=i4, standing=i4,
    saucer_x=i4, saucer_direction=i4, saucer_in=i4, bombs=i4, bomb_in=i4,
    bomb_x=(i4, BOMBS), bomb_y=(i4, BOMBS), rows=(i4, ROWS), shields=(i4, SHIELDS),
)  # fmt: skip


@rule
def reset(state, seed):
    seed_rng(state, seed)
    state.lives = LIVES
    state.cannon_x = WIDTH // 2
    state.saucer_in = SAUCER_AFTER + randint(state, SAUCER_WITHIN)
    begin_wave(state)


@rule
def begin_wave(state):
    line_up(state)
    build_shields(state)
    halt(state)


@rule
def halt(state):
    """Everything stops for a moment, and the air is clear."""
    state.pause = PAUSE
    state.shot_y = NONE
    state.bombs = 0
    state.bomb_in = PAUSE
    for i in range(BOMBS):
        state.bomb_x[i] = 0
        state.bomb_y[i] = 0


@rule
def step(state, actions, rewards):
    if state.pause > 0:
        state.pause -= 1
        return False
    move_cannon(state, actions[0])
    march(state)
    move_saucer(state)
    move_shot(state, rewards)
    if state.standing == 0:
        state.wave += 1
        state.events |= CLEARED
        begin_wave(state)
        return False
    drop_bombs(state)
    if move_bombs(state):
        lose_life(state)
    return state.lives == 0 or has_landed(state)


@rule
def move_cannon(state, action):
    """One shot flies at a time."""
    x = state.cannon_x + DIRECTION[action] * CANNON_SPEED
    state.cannon_x = min(max(x, CANNON_W // 2), WIDTH - CANNON_W // 2)
    if action >= FIRE and state.shot_y == NONE:
        state.shot_x = state.cannon_x
        state.shot_y = CANNON_Y
        state.events |= SHOT


@rule
def move_shot(state, rewards):
    """In halves: neither a shield cell nor an invader that comes down is jumped over."""
    for _ in range(2):
        if state.shot_y == NONE:
            return
        state.shot_y -= SHOT_SPEED // 2
        if state.shot_y < 0 or shot_hits(state, rewards):
            state.shot_y = NONE


@rule
def shot_hits(state, rewards):
    x, y = int(state.shot_x), int(state.shot_y)
    return hits_shield(state, x, y) or hits_invader(state, x, y, rewards) or hits_saucer(state, x, y, rewards)


@rule
def hits_saucer(state, x, y, rewards):
    if (
        state.saucer_direction == 0
        or abs(x - state.saucer_x) > SAUCER_W // 2
        or y > SAUCER_Y + SAUCER_H
        or y < SAUCER_Y
    ):
        return False
    state.score += SAUCER_WORTH
    rewards[0] += SAUCER_WORTH
    state.events |= BONUS
    state.saucer_direction = 0
    return True


@rule
def move_saucer(state):
    """It crosses above the formation now and then, from either side."""
    if state.saucer_direction != 0:
        state.saucer_x += state.saucer_direction * SAUCER_SPEED
        if state.saucer_x < -SAUCER_W // 2 or state.saucer_x > WIDTH + SAUCER_W // 2:
            state.saucer_direction = 0
        return
    state.saucer_in -= 1
    if state.saucer_in <= 0:
        state.saucer_in = SAUCER_AFTER + randint(state, SAUCER_WITHIN)
        state.saucer_direction = 1 - 2 * randint(state, 2)
        state.saucer_x = -SAUCER_W // 2 if state.saucer_direction > 0 else WIDTH + SAUCER_W // 2
        state.events |= SAUCER


@rule
def lose_life(state):
    state.lives -= 1
    state.events |= LOST
    halt(state)


@rule
def has_landed(state):
    if state.formation_y + state.lowest * PITCH_Y + INVADER_H <= CANNON_Y:
        return False
    state.events |= LANDED
    return True
