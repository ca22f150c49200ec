"""Volley. Two slimes, one ball, a net; first to five. After Quin Pendragon's Slime Volleyball (1999).

Units: 1/256 of a field cell, x right, y down, 60 ticks a second. A slime is the upper half of a disc, its place the middle of its
base. The ball leaves a slime along the line of their centres, the faster the harder they met. Each touch makes the ball a
little heavier and as much faster: its flights keep their shape and take less time, until somebody is late. Nobody keeps it for
ever: too many touches of one side in a row are a point for the other.
"""

from ..contract import CELL, Spec, i4, record, rule, u8
from ..rng import randint, seed_rng
from .ball import move_ball, side_of_ball
from .layout import (
    BALL_R,
    GOAL,
    GROUND,
    JUMP_SPEED,
    LEAP,
    LIGHTEST,
    MOST_TOUCHES,
    NET_HALF,
    NET_X,
    POINT,
    SLIME_GRAVITY,
    SLIME_R,
    SLIME_SPEED,
    WIDTH,
)

SERVE_X, SERVE_Y, SERVE_WAIT = WIDTH // 4, 16 * CELL, 40
STAY, LEFT, RIGHT, JUMP, LEFT_JUMP, RIGHT_JUMP = range(6)
DIRECTION = 0, -1, 1, 0, -1, 1  # of each action

SPEC = Spec(
    name="volley",
    version=1,
    summary="Two slimes, one ball, a net; first to five.",
    seats=2,
    roles=("slime", "slime"),
    teams=(0, 1),
    seat_names=("left", "right"),
    actions=("stay", "left", "right", "jump", "left_jump", "right_jump"),
    mirror="x",
    mirror_actions=("stay", "right", "left", "jump", "right_jump", "left_jump"),
    keys={"left": "left", "right": "right", "jump": "up", "left_jump": "left+up", "right_jump": "right+up"},
    features=(
        "own_x", "own_height", "own_vx", "own_vy", "own_on_ground",
        "other_x", "other_height", "other_vx", "other_vy", "other_on_ground",
        "ball_x", "ball_height", "ball_vx", "ball_vy", "ball_dx", "ball_dy", "ball_to_other_dx", "ball_to_other_dy",
        "strike_x", "strike_dx", "strike_in", "strike_vx", "strike_vy",
        "landing_x", "landing_dx", "landing_in", "landing_vx", "landing_vy", "lands_here",
        "weight", "serve_wait", "touched_last", "touches", "own_score", "other_score",
    ),
    planes=("self", "other", "ball", "wall", "danger"),
    events=("touch", "bounce", "leap", "point"),
    effects={"touch": "knock", "leap": "jump"},
    field=(64, 48),
    grid=(32, 24),
    max_ticks=5400,
    max_shapes=28,
    score_random=0.0,
    score_reference=5.0,
)  # fmt: skip
STATE = record(
    rng=u8, tick=i4, events=i4, wait=i4, ball_x=i4, ball_y=i4, ball_vx=i4, ball_vy=i4, gravity=i4, touched=i4, touches=i4,
    slime_x=(i4, 2), slime_y=(i4, 2), slime_vx=(i4, 2), slime_vy=(i4, 2), score=(i4, 2),
)  # fmt: skip


@rule
def reset(state, seed):
    seed_rng(state, seed)
    serve(state, randint(state, 2))


@rule
def serve(state, seat):
    """Puts the ball above a slime, a little off its middle, and both slimes in their places."""
    for slime in range(2):
        state.slime_x[slime] = SERVE_X if slime == 0 else WIDTH - SERVE_X
        state.slime_y[slime] = GROUND
        state.slime_vx[slime] = 0
        state.slime_vy[slime] = 0
    offset = CELL // 4 + randint(state, CELL)
    state.ball_x = state.slime_x[seat] + (offset if randint(state, 2) == 0 else -offset)
    state.ball_y = SERVE_Y
    state.ball_vx = 0
    state.ball_vy = 0
    state.gravity = LIGHTEST
    state.touched = seat
    state.touches = 0
    state.wait = SERVE_WAIT


@rule
def step(state, actions, rewards):
    for seat in range(2):
        move_slime(state, seat, actions[seat])
    if state.wait > 0:
        state.wait -= 1
        return False
    move_ball(state)
    if state.ball_y + BALL_R >= GROUND:
        score_point(state, 1 - side_of_ball(state), rewards)
    elif state.touches > MOST_TOUCHES:
        score_point(state, 1 - state.touched, rewards)
    return state.score[0] == GOAL or state.score[1] == GOAL


@rule
def move_slime(state, seat, action):
    """Steers in the air as on the ground; the net and the walls keep it on its side."""
    x, low = state.slime_x[seat], SLIME_R + (NET_X + NET_HALF) * seat
    goal = min(max(x + DIRECTION[action] * SLIME_SPEED, low), low + NET_X - NET_HALF - 2 * SLIME_R)
    state.slime_vx[seat] = goal - x
    state.slime_x[seat] = goal
    if action >= JUMP and state.slime_y[seat] == GROUND:
        state.slime_vy[seat] = -JUMP_SPEED
        state.events |= LEAP
    state.slime_y[seat] += state.slime_vy[seat]
    state.slime_vy[seat] += SLIME_GRAVITY
    if state.slime_y[seat] >= GROUND:
        state.slime_y[seat] = GROUND
        state.slime_vy[seat] = 0


@rule
def score_point(state, seat, rewards):
    """A point for one seat is one against the other; who scored serves."""
    state.score[seat] += 1
    rewards[seat] += 1
    rewards[1 - seat] -= 1
    state.events |= POINT
    serve(state, seat)
