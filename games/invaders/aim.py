"""How Invaders' better players aim and dodge, from features. Ways are parts of the field's width, to the right."""

from ..contract import rule
from .bombs import TOP_FALL
from .formation import SLOWEST
from .layout import (
    BOMB_H,
    BOMB_W,
    BOMBS,
    CANNON_H,
    CANNON_SPEED,
    CANNON_W,
    CANNON_Y,
    COLUMNS,
    HEIGHT,
    INVADER_H,
    INVADER_W,
    MARGIN,
    PITCH_X,
    PITCH_Y,
    ROWS,
    SAUCER_H,
    SAUCER_SPEED,
    SAUCER_Y,
    SHOT_SPEED,
    STRIDE,
    WIDTH,
)
from .senses import BOMB_AT, FORESIGHT, INVADER_AT

CANNON_X, FORMATION_X, FORMATION_Y, DIRECTION, PERIOD, MARCH_IN, LEFT_EDGE, RIGHT_EDGE = 0, 8, 9, 10, 11, 12, 13, 14
SAUCER_FLIES, SAUCER_DX, SAUCER_DIRECTION, SPEED = 19, 20, 21, 22
RUN = 4 * CANNON_SPEED / WIDTH  # in one decision
TOUCH = ((CANNON_W + BOMB_W) / 2 + 40) / WIDTH  # how near a bomb hits; a little more for safety
PLACES = 7  # to either side
DEARER, BONUS = 0.02, 0.15  # how far a lower row, and the bonus ship, are worth running
FARTHEST, EDGE = 0.3, 0.04  # to run for the bonus ship, and from the walls


@rule
def lead_of(features, y):
    """How far the formation marches while a shot flies to a height (1 is the cannon's)."""
    return march_of(features, (1.0 - y) * CANNON_Y / SHOT_SPEED)


@rule
def march_of(features, ticks):
    """How far it marches in some ticks, turning at the edge."""
    wait, period = features[MARCH_IN] * SLOWEST, features[PERIOD] * SLOWEST
    steps = int((ticks - wait) / period) + 1 if ticks >= wait else 0
    own_x = (features[CANNON_X] + 1) / 2
    left, right = own_x + features[LEFT_EDGE], 1.0 - own_x - features[RIGHT_EDGE]
    room = (right if features[DIRECTION] > 0 else left) - MARGIN / WIDTH
    most = int(room * WIDTH / STRIDE + 0.01)
    if steps > most:
        steps = 2 * most + 1 - steps  # one is the step down
    return features[DIRECTION] * steps * STRIDE / WIDTH


@rule
def choose_goal(features):
    """The way to where a shot fired on arrival will meet: the nearest column, or the bonus ship."""
    best, best_worth = 0.0, -10.0
    for column in range(COLUMNS):
        row = ROWS - 1
        while row >= 0 and features[INVADER_AT + row * COLUMNS + column] == 0:
            row -= 1
        if row >= 0:
            way = way_to(features, row, column)
            worth = DEARER * row - abs(way)
            if worth > best_worth:
                best, best_worth = way, worth
    if features[SAUCER_FLIES] > 0:
        way, own_x = way_to_saucer(features), (features[CANNON_X] + 1) / 2
        reachable = abs(way) < FARTHEST and way + own_x > EDGE and way + own_x < 1.0 - EDGE
        if reachable and BONUS - abs(way) > best_worth:
            return way
    return best


@rule
def way_to(features, row, column):
    """First guessed for a shot fired now, then for one fired on arrival."""
    x = features[FORMATION_X] + (column * PITCH_X + INVADER_W / 2) / WIDTH - (features[CANNON_X] + 1) / 2
    flight = (CANNON_Y - features[FORMATION_Y] * HEIGHT - row * PITCH_Y - INVADER_H) / SHOT_SPEED
    way = x + march_of(features, flight)
    return x + march_of(features, flight + 4 * int(abs(way) / RUN))


@rule
def way_to_saucer(features):
    flight = (CANNON_Y - SAUCER_Y - SAUCER_H) / SHOT_SPEED
    return 2 * features[SAUCER_DX] + features[SAUCER_DIRECTION] * SAUCER_SPEED * flight / WIDTH


@rule
def choose_place(features, goal):
    """How many decisions to the right the safest place is, and of those the nearest to the goal."""
    own_x = (features[CANNON_X] + 1) / 2
    best, best_worth = 0, -1000.0
    for place in range(-PLACES, PLACES + 1):
        way = place * RUN
        x = own_x + way
        if x > 0.5 * CANNON_W / WIDTH - RUN and x < 1.0 - 0.5 * CANNON_W / WIDTH + RUN:
            worth = -abs(goal - way) - 10.0 * danger_at(features, way)
            if worth > best_worth:
                best, best_worth = place, worth
    return best


@rule
def danger_at(features, way):
    """How many bombs hit the cannon that runs to a place and stays there."""
    hits = 0.0
    through = (BOMB_H + CANNON_H) / (features[SPEED] * TOP_FALL)
    run = CANNON_SPEED / WIDTH
    for i in range(BOMBS):
        at = BOMB_AT + 3 * i
        if features[at] > 0:
            time = features[at + 2] * FORESIGHT
            first, last = run * max(time - 1, 0.0), run * max(time + through + 1, 0.0)
            near, far = min(first, abs(way)), min(last, abs(way))
            dx = features[at + 1] if way >= 0 else -features[at + 1]
            if dx > near - TOUCH and dx < far + TOUCH:
                hits += 1.0
    return hits
