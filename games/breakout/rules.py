"""Breakout. A paddle, a ball, a wall of bricks, three lives. After Atari's Breakout (1976).

Units: 1/256 of a field cell, x right, y down, 60 ticks a second. Positions are centres. The ball's speed along y is the same
until the paddle hits it, which makes it a little faster; how far from the paddle's middle it was hit decides its speed along x.
Bricks are the higher the dearer. A cleared wall is built anew when the paddle next touches the ball, and that one begins faster.
"""

from ..contract import CELL, Spec, i4, record, rule, u8
from ..rng import randint, seed_rng

WIDTH, HEIGHT = 48 * CELL, 48 * CELL
ROWS, COLUMNS, BRICK_W, BRICK_H = 6, 12, 4 * CELL, 2 * CELL
WALL_Y = 6 * CELL  # top of the bricks
WHOLE_ROW = (1 << COLUMNS) - 1
WORTH = 3, 3, 2, 2, 1, 1  # of a brick, by row
PADDLE_W, PADDLE_H, PADDLE_SPEED = 8 * CELL, 3 * CELL // 2, 160
BALL_SIZE, HALF = 3 * CELL // 2, 3 * CELL // 4
PADDLE_Y = 44 * CELL
FACE = PADDLE_Y - (PADDLE_H + BALL_SIZE) // 2  # the ball's y when it touches the paddle
REACH = (PADDLE_W + BALL_SIZE) // 2  # farthest from the paddle's middle that the ball still touches
START_SPEED, FASTER, WALL_FASTER, TOP_SPEED = 144, 4, 24, 256  # along y
FLATTEST = 5, 4  # vx : vy at the very edge of the paddle
TOP_VX = TOP_SPEED * FLATTEST[0] // FLATTEST[1]
SERVE_Y, SERVE_WAIT = 22 * CELL, 30
LIVES = 3
STAY, LEFT, RIGHT = range(3)
HIT, BOUNCE, BRICK, LOST, CLEARED = 1, 2, 4, 8, 16

SPEC = Spec(
    name="breakout",
    version=1,
    summary="A paddle, a ball, a wall of bricks, three lives.",
    seats=1,
    roles=("paddle",),
    teams=(0,),
    seat_names=("paddle",),
    actions=("stay", "left", "right"),
    keys={"left": "left", "right": "right"},
    features=(
        "ball_x", "ball_y", "ball_vx", "ball_vy", "paddle_x", "serve_wait", "lives", "speed",
        *(f"brick_{row}_{column}" for row in range(ROWS) for column in range(COLUMNS)),
    ),
    planes=("self", "ball", "wall", "other", "food"),
    events=("hit", "bounce", "brick", "lost", "cleared"),
    effects={"hit": "knock", "brick": "pop", "cleared": "fanfare"},
    field=(48, 48),
    grid=(24, 24),
    max_ticks=10800,
    max_shapes=ROWS * COLUMNS + 8,
    score_random=1.0,
    score_reference=250.0,
)  # fmt: skip
STATE = record(
    rng=u8, tick=i4, events=i4, wait=i4, ball_x=i4, ball_y=i4, ball_vx=i4, ball_vy=i4, paddle_x=i4,
    speed=i4, lives=i4, walls=i4, score=i4, bricks=(i4, ROWS),
)  # fmt: skip


@rule
def reset(state, seed):
    seed_rng(state, seed)
    state.paddle_x = WIDTH // 2
    state.lives = LIVES
    build_wall(state)
    serve(state)


@rule
def build_wall(state):
    """Each bit of `bricks[row]` is a brick."""
    for row in range(ROWS):
        state.bricks[row] = WHOLE_ROW
    state.speed = slowest(state)


@rule
def slowest(state):
    return min(START_SPEED + state.walls * WALL_FASTER, TOP_SPEED)


@rule
def serve(state):
    """Puts the ball below the wall, about to fall at a shallow angle."""
    state.wait = SERVE_WAIT
    state.speed = slowest(state)
    state.ball_x = WIDTH // 4 + randint(state, WIDTH // 2)
    state.ball_y = SERVE_Y
    state.ball_vx = randint(state, state.speed + 1) - state.speed // 2
    state.ball_vy = state.speed


@rule
def step(state, actions, rewards):
    move_paddle(state, actions[0])
    if state.wait > 0:
        state.wait -= 1
        return False
    move_ball_along_x(state, rewards)
    move_ball_along_y(state, rewards)
    if state.ball_y > HEIGHT + HALF:
        lose_ball(state)
    return state.lives == 0


@rule
def move_paddle(state, action):
    x = state.paddle_x
    if action == LEFT:
        x -= PADDLE_SPEED
    elif action == RIGHT:
        x += PADDLE_SPEED
    state.paddle_x = min(max(x, PADDLE_W // 2), WIDTH - PADDLE_W // 2)


@rule
def move_ball_along_x(state, rewards):
    before, state.ball_x = state.ball_x, state.ball_x + state.ball_vx
    side = state.ball_x + (HALF if state.ball_vx > 0 else -HALF)
    if side < 0 or side > WIDTH:
        state.ball_x -= 2 * (side if side < 0 else side - WIDTH)
        state.events |= BOUNCE
    elif hit_bricks(state, side, state.ball_y - HALF, side, state.ball_y + HALF, rewards):
        state.ball_x = before
    else:
        return
    state.ball_vx = -state.ball_vx


@rule
def move_ball_along_y(state, rewards):
    before, state.ball_y = state.ball_y, state.ball_y + state.ball_vy
    side = state.ball_y + (HALF if state.ball_vy > 0 else -HALF)
    if before <= FACE < state.ball_y:
        bounce_off_paddle(state)
        return
    if side < 0:
        state.ball_y -= 2 * side
        state.events |= BOUNCE
    elif hit_bricks(state, state.ball_x - HALF, side, state.ball_x + HALF, side, rewards):
        state.ball_y = before
    else:
        return
    state.ball_vy = -state.ball_vy


@rule
def hit_bricks(state, x0, y0, x1, y1, rewards):
    """Knocks out the brick at the first corner of the ball that touches one; False when none does."""
    return hit_brick(state, x0, y0, rewards) or hit_brick(state, x1, y1, rewards)


@rule
def hit_brick(state, x, y, rewards):
    """Knocks out the brick at a place; False when there is none."""
    row, column = (y - WALL_Y) // BRICK_H, min(x, WIDTH - 1) // BRICK_W
    if row < 0 or row >= ROWS or column < 0:
        return False
    brick = 1 << column
    if state.bricks[row] & brick == 0:
        return False
    state.bricks[row] ^= brick
    state.score += WORTH[row]
    rewards[0] += WORTH[row]
    state.events |= BRICK
    return True


@rule
def bounce_off_paddle(state):
    offset = state.ball_x - state.paddle_x
    if abs(offset) > REACH:
        return
    if is_cleared(state):
        state.walls += 1
        state.events |= CLEARED
        build_wall(state)
    state.speed = min(state.speed + FASTER, TOP_SPEED)
    strength = abs(offset) * state.speed * FLATTEST[0] // (REACH * FLATTEST[1])
    state.ball_vx = strength if offset > 0 else -strength
    state.ball_vy = -state.speed
    state.ball_y = FACE
    state.events |= HIT


@rule
def is_cleared(state):
    left = 0
    for row in range(ROWS):
        left |= state.bricks[row]
    return left == 0


@rule
def lose_ball(state):
    state.lives -= 1
    state.events |= LOST
    serve(state)


@rule
def features(state, seat, out):
    out[0] = 2 * state.ball_x / WIDTH - 1
    out[1] = min(2 * state.ball_y / HEIGHT - 1, 1.0)
    out[2] = state.ball_vx / TOP_VX
    out[3] = state.ball_vy / TOP_SPEED
    out[4] = 2 * state.paddle_x / WIDTH - 1
    out[5] = state.wait / SERVE_WAIT
    out[6] = state.lives / LIVES
    out[7] = state.speed / TOP_SPEED
    for row in range(ROWS):
        bricks = state.bricks[row]
        for column in range(COLUMNS):
            out[8 + row * COLUMNS + column] = 1.0 if bricks & (1 << column) != 0 else 0.0
