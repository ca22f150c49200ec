"""Flappy. One bird, one key, gates without end. After Dong Nguyen's Flappy Bird (2013).

Units: 1/256 of a field cell, x right, y down, 60 ticks a second. The bird stays where it is and the gates come to it. A beat of
the wings throws it upwards, whatever its speed was, and then the wings rest for a moment. Gates stand at equal distances; their
gaps narrow from gate to gate, and after a while they drift up and down.
"""

from ..contract import CELL, Spec, i4, record, rule, u8
from ..frame import DANGER, HUD, SELF, WALL, digits, disc, rect, sprite
from ..rng import randint, seed_rng
from .sprites import WINGS_DOWN, WINGS_UP

WIDTH, HEIGHT = 48 * CELL, 64 * CELL
GROUND = HEIGHT - 4 * CELL
BIRD_X, BIRD_HALF = 12 * CELL, 5 * CELL // 4  # half of the box that must not touch; the bird is drawn a little larger
GRAVITY, BEAT, TOP_FALL = 18, 216, 320  # a tick
REST = 16  # ticks between two beats
GATES, GATE_W, SPACING, SPEED = 3, 6 * CELL, 30 * CELL, 80
FIRST_GATE = WIDTH - 4 * CELL
GAP_START, GAP_END, NARROWER = 24 * CELL, 15 * CELL, CELL // 4
STILL_GATES, DRIFT, FASTER, TOP_DRIFT = 8, 8, 1, 36  # so many gates stand still; drift a tick
SWAY = 4 * CELL  # how far a gap drifts to either side
EDGE = 5 * CELL  # what stays solid above and below a gap
LEAP = 12 * CELL  # how far the next gap may lie from the last: within a bird's reach
FAR = FIRST_GATE + GATE_W - BIRD_X + BIRD_HALF  # the greatest distance of the gate ahead
GLIDE, FLAP = range(2)
BEATS, PASSED, CRASHED = 1, 2, 4

SPEC = Spec(
    name="flappy",
    version=1,
    summary="One bird, one key, gates without end.",
    seats=1,
    roles=("bird",),
    teams=(0,),
    seat_names=("bird",),
    actions=("glide", "flap"),
    keys={"flap": "space"},
    features=(
        "bird_y", "bird_vy", "rest", "gate_x", "gap_top", "gap_bottom", "gap_drift", "next_top", "next_bottom", "next_drift",
    ),
    planes=("self", "wall", "danger"),
    events=("beat", "passed", "crashed"),
    effects={"beat": "wing", "passed": "pick", "crashed": "thud"},
    field=(48, 64),
    grid=(24, 32),
    max_ticks=7200,
    max_shapes=16,
    sprites=(WINGS_UP, WINGS_DOWN),
    score_random=0.25,
    score_reference=60.0,
)  # fmt: skip
STATE = record(
    rng=u8, tick=i4, events=i4, bird_y=i4, bird_vy=i4, rest=i4, passed=i4, built=i4,
    gate_x=i4, gap_y=(i4, GATES), gap_h=(i4, GATES), home=(i4, GATES), drift=(i4, GATES),
)  # fmt: skip


@rule
def reset(state, seed):
    seed_rng(state, seed)
    state.bird_y = HEIGHT // 2
    state.gate_x = FIRST_GATE
    build_gate(state, 0, EDGE, GROUND - EDGE)
    for gate in range(1, GATES):
        build_next(state, gate)


@rule
def build_next(state, gate):
    """The gap lies within a bird's reach of the last one's."""
    build_gate(state, gate, state.home[gate - 1] - LEAP, state.home[gate - 1] + LEAP)


@rule
def build_gate(state, gate, low, high):
    """A gate that is a little narrower than the last, its gap somewhere between two heights."""
    height = max(GAP_START - state.built * NARROWER, GAP_END)
    low, high = max(low, EDGE + height // 2), min(high, GROUND - EDGE - height // 2)
    speed = min(DRIFT + (state.built - STILL_GATES) * FASTER, TOP_DRIFT) if state.built >= STILL_GATES else 0
    state.home[gate] = low + randint(state, high - low + 1)
    state.gap_y[gate] = state.home[gate]
    state.gap_h[gate] = height
    state.drift[gate] = speed if randint(state, 2) == 0 else -speed
    state.built += 1


@rule
def step(state, actions, rewards):
    move_bird(state, actions[0])
    move_gates(state)
    if touches_gate(state) or state.bird_y + BIRD_HALF >= GROUND:
        state.events |= CRASHED
        return True
    score_gate(state, rewards)
    return False


@rule
def move_bird(state, action):
    """The sky is a soft ceiling."""
    if state.rest > 0:
        state.rest -= 1
    elif action == FLAP:
        state.bird_vy = -BEAT
        state.rest = REST - 1
        state.events |= BEATS
    state.bird_y += state.bird_vy
    state.bird_vy = min(state.bird_vy + GRAVITY, TOP_FALL)
    if state.bird_y < BIRD_HALF:
        state.bird_y = BIRD_HALF
        state.bird_vy = 0


@rule
def move_gates(state):
    state.gate_x -= SPEED
    for gate in range(GATES):
        drift_gap(state, gate)
    if state.gate_x <= -GATE_W:
        drop_first_gate(state)


@rule
def drift_gap(state, gate):
    state.gap_y[gate] += state.drift[gate]
    if abs(state.gap_y[gate] - state.home[gate]) >= SWAY:
        state.drift[gate] = -state.drift[gate]


@rule
def drop_first_gate(state):
    state.gate_x += SPACING
    for gate in range(1, GATES):
        state.gap_y[gate - 1] = state.gap_y[gate]
        state.gap_h[gate - 1] = state.gap_h[gate]
        state.home[gate - 1] = state.home[gate]
        state.drift[gate - 1] = state.drift[gate]
    build_next(state, GATES - 1)


@rule
def gate_ahead(state):
    """The first gate that is not wholly behind the bird."""
    return 0 if state.gate_x + GATE_W > BIRD_X - BIRD_HALF else 1


@rule
def touches_gate(state):
    gate = gate_ahead(state)
    if state.gate_x + gate * SPACING >= BIRD_X + BIRD_HALF:
        return False
    return abs(state.bird_y - state.gap_y[gate]) + BIRD_HALF > state.gap_h[gate] // 2


@rule
def score_gate(state, rewards):
    right = state.gate_x + GATE_W
    if right <= BIRD_X - BIRD_HALF < right + SPEED:
        state.passed += 1
        rewards[0] += 1
        state.events |= PASSED


@rule
def draw(state, seat, frame):
    digits(frame, HUD, WIDTH // 2 - 2 * CELL, 4 * CELL, 7 * CELL, state.passed, 0)
    for gate in range(GATES):
        left = state.gate_x + gate * SPACING
        if left < WIDTH:
            draw_gate(left, state.gap_y[gate], state.gap_h[gate], 5 + 4 * (state.built + gate), frame)
    rect(frame, WALL, 0, GROUND, WIDTH, HEIGHT - GROUND, 3)
    rect(frame, DANGER, 0, GROUND, WIDTH, CELL, 4)
    draw_bird(state.bird_y, state.rest > 0, frame)


@rule
def draw_gate(left, gap_y, gap_h, tag, frame):
    """Two pillars; their caps show where the gap begins."""
    top, bottom, cap = gap_y - gap_h // 2, gap_y + gap_h // 2, 2 * CELL
    rect(frame, WALL, left, 0, GATE_W, top, tag)
    rect(frame, WALL, left, bottom, GATE_W, GROUND - bottom, tag + 1)
    rect(frame, DANGER, left, top - cap, GATE_W, cap, tag + 2)
    rect(frame, DANGER, left, bottom, GATE_W, cap, tag + 3)


@rule
def draw_bird(y, rests, frame):
    """The disc under the sprite is there for coarse pixels."""
    w, h = 9 * CELL // 2, 7 * CELL // 2
    disc(frame, SELF, BIRD_X, y, 3 * CELL // 4, 2)
    sprite(frame, SELF, BIRD_X - w // 2, y - h // 2, w, h, 0 if rests else 1, 1)


@rule
def features(state, seat, out):
    """Gaps as seen from the bird: negative is above it."""
    ahead = gate_ahead(state)
    out[0] = 2 * state.bird_y / HEIGHT - 1
    out[1] = state.bird_vy / TOP_FALL
    out[2] = state.rest / REST
    out[3] = (state.gate_x + ahead * SPACING + GATE_W - BIRD_X + BIRD_HALF) / FAR
    for gate in range(2):
        y, half = state.gap_y[ahead + gate] - state.bird_y, state.gap_h[ahead + gate] // 2
        out[4 + 3 * gate] = (y - half) / HEIGHT
        out[5 + 3 * gate] = (y + half) / HEIGHT
        out[6 + 3 * gate] = state.drift[ahead + gate] / TOP_DRIFT
