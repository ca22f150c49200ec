"""Volley. Two slimes, one ball, a net; first to five. After Quin Pendragon's Slime Volleyball (1999).

Units: 1/256 of a field cell, x right, y down, 60 ticks a second. A slime is the upper half of a disc, its place the middle of its
base. The ball leaves a slime along the line of their centres, the faster the harder they met. Each touch makes the ball a
little heavier and as much faster: its flights keep their shape and take less time, until somebody is late.
"""

from ..contract import CELL, Spec, i4, record, rule, u8
from ..geometry import distance, isqrt
from ..rng import randint, seed_rng

WIDTH, HEIGHT = 64 * CELL, 48 * CELL
GROUND = HEIGHT - 4 * CELL
SLIME_R, BALL_R = 9 * CELL // 2, 7 * CELL // 4
REACH = SLIME_R + BALL_R  # distance of the centres of a slime and a ball that touch
NET_X, NET_TOP, NET_HALF = WIDTH // 2, GROUND - 9 * CELL, CELL // 2
NET_REACH = NET_HALF + BALL_R
NET_SLIP = 40  # least speed along x off the top of the net, where no ball shall balance
SLIME_SPEED, JUMP_SPEED, SLIME_GRAVITY = 120, 396, 24
HEAVIER, LIGHTEST, HEAVIEST = 1, 11, 40  # the ball's gravity, a tick; it grows with each touch
HIGHEST, LOWEST = 26 * CELL, 10 * CELL  # how high the fastest ball would fly, and the slowest off a slime
TOP_SPEED = isqrt(2 * HEAVIEST * HEIGHT)  # more than any fall adds up to
SERVE_X, SERVE_Y, SERVE_WAIT = WIDTH // 4, 16 * CELL, 40
GOAL = 5
STAY, LEFT, RIGHT, JUMP, LEFT_JUMP, RIGHT_JUMP = range(6)
DIRECTION = 0, -1, 1, 0, -1, 1  # of each action
TOUCH, BOUNCE, LEAP, POINT = 1, 2, 4, 8

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
        "weight", "serve_wait", "touched_last", "own_score", "other_score",
    ),
    planes=("self", "other", "ball", "wall"),
    events=("touch", "bounce", "leap", "point"),
    effects={"touch": "knock", "leap": "jump"},
    field=(64, 48),
    grid=(32, 24),
    max_ticks=5400,
    max_shapes=20,
    score_random=0.0,
    score_reference=5.0,
)  # fmt: skip
STATE = record(
    rng=u8, tick=i4, events=i4, wait=i4, ball_x=i4, ball_y=i4, ball_vx=i4, ball_vy=i4, gravity=i4, touched=i4,
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
def move_ball(state):
    before = side_of_ball(state)
    state.ball_vy += state.gravity
    state.ball_x += state.ball_vx
    state.ball_y += state.ball_vy
    for seat in range(2):
        touch_slime(state, before ^ seat)
    bounce_off_walls(state)
    if state.ball_y >= NET_TOP:
        bounce_off_net(state, before)
    else:
        bounce_off_net_top(state)


@rule
def side_of_ball(state):
    """The seat above whose court the ball is; exactly above the net, whose touch was the last."""
    return state.touched if state.ball_x == NET_X else 0 if state.ball_x < NET_X else 1


@rule
def touch_slime(state, seat):
    """A ball below the base passes under a slime that jumps."""
    dx, dy = state.ball_x - state.slime_x[seat], state.ball_y - state.slime_y[seat]
    if dy >= 0 or dx * dx + dy * dy >= REACH * REACH:
        return
    gap = distance(dx, dy)
    state.ball_x = state.slime_x[seat] + part(dx * REACH, gap)
    state.ball_y = state.slime_y[seat] + part(dy * REACH, gap)
    meeting = -part((state.ball_vx - state.slime_vx[seat]) * dx + (state.ball_vy - state.slime_vy[seat]) * dy, gap)
    if meeting <= 0:
        return
    push = meeting + max(meeting, isqrt(2 * state.gravity * LOWEST))
    state.ball_vx += part(push * dx, gap)
    state.ball_vy += part(push * dy, gap)
    state.touched = seat
    state.events |= TOUCH
    grow_heavier(state)
    limit_speed(state)


@rule
def part(amount, whole):
    """A quotient rounded towards zero, so that left and right are alike."""
    return amount // whole if amount >= 0 else -(-amount // whole)


@rule
def grow_heavier(state):
    """Speed grows as the root of the weight: flights stay as high and as wide."""
    if state.gravity < HEAVIEST:
        state.ball_vx += part(state.ball_vx * HEAVIER, 2 * state.gravity)
        state.ball_vy += part(state.ball_vy * HEAVIER, 2 * state.gravity)
        state.gravity += HEAVIER


@rule
def limit_speed(state):
    vx, vy = int(state.ball_vx), int(state.ball_vy)
    speed, most = distance(vx, vy), isqrt(2 * state.gravity * HIGHEST)
    if speed > most:
        state.ball_vx = part(vx * most, speed)
        state.ball_vy = part(vy * most, speed)


@rule
def bounce_off_walls(state):
    x, y = min(max(state.ball_x, BALL_R), WIDTH - BALL_R), max(state.ball_y, BALL_R)
    if state.ball_x != x and (state.ball_vx > 0) == (state.ball_x > x):
        state.ball_vx = -state.ball_vx
        state.events |= BOUNCE
    if state.ball_y != y and state.ball_vy < 0:
        state.ball_vy = -state.ball_vy
        state.events |= BOUNCE
    state.ball_x = x
    state.ball_y = y


@rule
def bounce_off_net(state, side):
    """The net swallows half of the speed; nothing comes through, however fast."""
    into, edge = (1, NET_X - NET_REACH) if side == 0 else (-1, NET_X + NET_REACH)
    if (state.ball_x - edge) * into <= 0:
        return
    state.ball_x = edge
    if state.ball_vx * into > 0:
        state.ball_vx = -part(int(state.ball_vx), 2)
        state.events |= BOUNCE


@rule
def bounce_off_net_top(state):
    """The top is round, and the ball slips off it to the side on which it lies."""
    dx, dy = state.ball_x - NET_X, state.ball_y - NET_TOP
    if dx * dx + dy * dy >= NET_REACH * NET_REACH:
        return
    gap = distance(dx, dy)
    state.ball_x = NET_X + part(dx * NET_REACH, gap)
    state.ball_y = NET_TOP + part(dy * NET_REACH, gap)
    meeting = -part(state.ball_vx * dx + state.ball_vy * dy, gap)
    if meeting > 0:
        state.ball_vx += part(2 * meeting * dx, gap)
        state.ball_vy += part(2 * meeting * dy, gap)
        state.events |= BOUNCE
    away = -1 if side_of_ball(state) == 0 else 1
    state.ball_vx = away * max(away * state.ball_vx, NET_SLIP)


@rule
def score_point(state, seat, rewards):
    """A point for one seat is one against the other; who scored serves."""
    state.score[seat] += 1
    rewards[seat] += 1
    rewards[1 - seat] -= 1
    state.events |= POINT
    serve(state, seat)
