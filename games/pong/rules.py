"""Pong. Two paddles, one ball, first to five. After Atari's Pong (1972).

Units: 1/256 of a field cell, x right, y down, 60 ticks a second. Positions are centres. The ball leaves a paddle the steeper,
the farther from its middle it was hit, and a little faster each time.
"""

from ..contract import CELL, Spec, i4, record, rule, u8
from ..frame import BALL, HUD, OTHER, SELF, digits, rect
from ..rng import randint, seed_rng

WIDTH, HEIGHT = 64 * CELL, 48 * CELL
PADDLE_W, PADDLE_H = 1 * CELL, 8 * CELL
BALL_SIZE = 3 * CELL // 2
PADDLE_SPEED = 192  # three quarters of a cell a tick
SERVE_SPEED, FASTER, TOP_SPEED = 208, 24, 800  # along x
REACH = (PADDLE_H + BALL_SIZE) // 2  # farthest from a paddle's middle that the ball still touches
STEEPEST = 6, 5  # vy : vx at the very edge of a paddle
TOP_VY = TOP_SPEED * STEEPEST[0] // STEEPEST[1]
FACE = 5 * CELL // 2 + (PADDLE_W + BALL_SIZE) // 2  # the ball's x when it touches the left paddle
PADDLE_X = 5 * CELL // 2, WIDTH - 5 * CELL // 2
SERVE_WAIT = 24
ARRIVAL_SCALE = 128  # ticks
GOAL = 5
STAY, UP, DOWN = range(3)
HIT, BOUNCE, POINT = 1, 2, 4

SPEC = Spec(
    name="pong",
    version=1,
    summary="Two paddles, one ball, first to five.",
    seats=2,
    roles=("paddle", "paddle"),
    teams=(0, 1),
    seat_names=("left", "right"),
    actions=("stay", "up", "down"),
    keys={"up": "up", "down": "down"},
    features=("ball_x", "ball_y", "ball_vx", "ball_vy", "own_y", "other_y", "serve_wait", "arrival_y", "arrival_in"),
    planes=("self", "other", "ball"),
    events=("hit", "bounce", "point"),
    effects={"hit": "knock"},
    field=(64, 48),
    grid=(32, 24),
    mirror="x",
    max_shapes=8,
    score_random=0.0,
    score_reference=5.0,
)
STATE = record(
    rng=u8, tick=i4, events=i4, wait=i4, ball_x=i4, ball_y=i4, ball_vx=i4, ball_vy=i4, paddle_y=(i4, 2), score=(i4, 2)
)  # fmt: skip


@rule
def reset(state, seed):
    seed_rng(state, seed)
    state.paddle_y[0] = HEIGHT // 2
    state.paddle_y[1] = HEIGHT // 2
    serve(state, randint(state, 2))


@rule
def serve(state, towards):
    """Puts the ball in the middle, about to fly towards a seat at a shallow angle."""
    state.wait = SERVE_WAIT
    state.ball_x = WIDTH // 2
    state.ball_y = HEIGHT // 4 + randint(state, HEIGHT // 2)
    state.ball_vx = -SERVE_SPEED if towards == 0 else SERVE_SPEED
    state.ball_vy = randint(state, SERVE_SPEED + 1) - SERVE_SPEED // 2


@rule
def step(state, actions, rewards):
    move_paddle(state, 0, actions[0])
    move_paddle(state, 1, actions[1])
    if state.wait > 0:
        state.wait -= 1
        return False
    move_ball(state)
    if state.ball_x < -BALL_SIZE:
        score_point(state, 1, rewards)
    elif state.ball_x > WIDTH + BALL_SIZE:
        score_point(state, 0, rewards)
    return state.score[0] == GOAL or state.score[1] == GOAL


@rule
def move_paddle(state, seat, action):
    y = state.paddle_y[seat]
    if action == UP:
        y -= PADDLE_SPEED
    elif action == DOWN:
        y += PADDLE_SPEED
    state.paddle_y[seat] = min(max(y, PADDLE_H // 2), HEIGHT - PADDLE_H // 2)


@rule
def move_ball(state):
    before = state.ball_x
    state.ball_x += state.ball_vx
    state.ball_y += state.ball_vy
    bounce_off_walls(state)
    if before > FACE >= state.ball_x:
        bounce_off_paddle(state, 0)
    elif before < WIDTH - FACE <= state.ball_x:
        bounce_off_paddle(state, 1)


@rule
def bounce_off_walls(state):
    low, high = BALL_SIZE // 2, HEIGHT - BALL_SIZE // 2
    if state.ball_y < low:
        state.ball_y = 2 * low - state.ball_y
    elif state.ball_y > high:
        state.ball_y = 2 * high - state.ball_y
    else:
        return
    state.ball_vy = -state.ball_vy
    state.events |= BOUNCE


@rule
def bounce_off_paddle(state, seat):
    offset = state.ball_y - state.paddle_y[seat]
    if abs(offset) > REACH:
        return
    speed = min(abs(state.ball_vx) + FASTER, TOP_SPEED)
    state.ball_vx = speed if seat == 0 else -speed
    state.ball_vy = sign(offset) * (abs(offset) * speed * STEEPEST[0] // (REACH * STEEPEST[1]))
    state.ball_x = FACE if seat == 0 else WIDTH - FACE
    state.events |= HIT


@rule
def sign(x):
    return 1 if x > 0 else -1 if x < 0 else 0


@rule
def score_point(state, seat, rewards):
    """A point for one seat is one against the other; the loser of a point gets the serve."""
    state.score[seat] += 1
    rewards[seat] += 1
    rewards[1 - seat] -= 1
    state.events |= POINT
    serve(state, 1 - seat)


@rule
def draw(state, seat, frame):
    rect(frame, HUD, WIDTH // 2 - CELL // 8, 0, CELL // 4, HEIGHT, 0)
    digits(frame, HUD, WIDTH // 2 - 8 * CELL, 2 * CELL, 5 * CELL, state.score[0], 1)
    digits(frame, HUD, WIDTH // 2 + 5 * CELL, 2 * CELL, 5 * CELL, state.score[1], 2)
    for paddle in range(2):
        ink = SELF if paddle == max(seat, 0) else OTHER
        left, top = PADDLE_X[paddle] - PADDLE_W // 2, state.paddle_y[paddle] - PADDLE_H // 2
        rect(frame, ink, left, top, PADDLE_W, PADDLE_H, 3 + paddle)
    half = BALL_SIZE // 2
    rect(frame, BALL, state.ball_x - half, state.ball_y - half, BALL_SIZE, BALL_SIZE, 5)


@rule
def features(state, seat, out):
    """As if this seat were the left one."""
    facing = 1 if seat == 0 else -1
    out[0] = min(max(facing * (2 * state.ball_x - WIDTH) / WIDTH, -1.0), 1.0)
    out[1] = (2 * state.ball_y - HEIGHT) / HEIGHT
    out[2] = facing * state.ball_vx / TOP_SPEED
    out[3] = state.ball_vy / TOP_VY
    out[4] = (2 * state.paddle_y[seat] - HEIGHT) / HEIGHT
    out[5] = (2 * state.paddle_y[1 - seat] - HEIGHT) / HEIGHT
    out[6] = state.wait / SERVE_WAIT
    out[7] = (2 * arrival_height(state) - HEIGHT) / HEIGHT
    out[8] = min(arrival_ticks(state) / ARRIVAL_SCALE, 1.0)


@rule
def arrival_ticks(state):
    """Ticks until the ball reaches the paddle that it flies towards."""
    way = state.ball_x - FACE if state.ball_vx < 0 else WIDTH - FACE - state.ball_x
    return state.wait + max(way, 0) // abs(state.ball_vx)


@rule
def arrival_height(state):
    """Where the ball will be then, bounced off top and bottom on its way."""
    low, span = BALL_SIZE // 2, HEIGHT - BALL_SIZE
    ticks = arrival_ticks(state) - state.wait
    y = abs(state.ball_y - low + state.ball_vy * ticks) % (2 * span)
    return low + (2 * span - y if y > span else y)
