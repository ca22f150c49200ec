"""Who perceives whom. Looked after once in four ticks, which is when agents decide, and kept in the state.

The thief sees what is within SIGHT and no wall hides (the jewel only within GLINT), and hears where each guard within KEEN is. A
guard sees the thief in the cone of its lantern, and all round where it is NEAR. Guards share by radio what one of them sees or
hears, and always know each other's places. Running is heard through walls, and tells guards within HEARING the place to a block
of three by three cells.
"""

from ..contract import CELL, rule
from ..geometry import angle_of, clear_line, turn_between

SIGHT, KEEN, BEAM, NEAR, HEARING = 9 * CELL, 6 * CELL, 9 * CELL // 2, 5 * CELL // 4, 4 * CELL
GLINT = 3 * CELL  # so near the jewel is seen
CONE = 30  # half of it
BLOCK = 3 * CELL
STRIDE = 14  # ticks of running that make a step
ECHO = 32  # ticks that a noise is remembered
SPOTTED, HEARD = 2, 4


@rule
def look(state):
    before = state.is_seen
    state.is_seen = 0
    for guard in range(1, 4):
        dx, dy = state.x[0] - state.x[guard], state.y[0] - state.y[guard]
        apart = dx * dx + dy * dy
        is_clear = sees_place(state, state.x[guard], state.y[guard])
        state.in_view[guard - 1] = 1 if is_clear or apart <= KEEN * KEEN else 0
        if is_clear and (apart <= NEAR * NEAR or (apart <= BEAM * BEAM and lit(state.facing[guard], dx, dy))):
            state.is_seen = 1
    if state.is_seen > before:
        state.events |= SPOTTED
    state.jewel_seen = 1 if state.lifted == 0 and sees_jewel(state) else 0


@rule
def sees_jewel(state):
    dx, dy = state.x[0] - state.goal_x[0], state.y[0] - state.goal_y[0]
    return dx * dx + dy * dy <= GLINT * GLINT and sees_place(state, state.goal_x[0], state.goal_y[0])


@rule
def sees_place(state, x, y):
    """Whether the thief does."""
    dx, dy = state.x[0] - x, state.y[0] - y
    return dx * dx + dy * dy <= SIGHT * SIGHT and clear_line(state.walls, x, y, state.x[0], state.y[0])


@rule
def shows_goal(state, seat, goal):
    """Everybody knows the exits; where the jewel is, nobody but a thief who sees it."""
    return goal > 0 or (state.lifted == 0 and (seat < 0 or (seat == 0 and state.jewel_seen == 1)))


@rule
def lit(facing, dx, dy):
    return abs(turn_between(facing, angle_of(dx, dy))) <= CONE


@rule
def listen(state, is_running):
    """Every so often a runner's step makes a noise."""
    state.echo = max(state.echo - 1, 0)
    state.stride = state.stride + 1 if is_running else 0
    if state.stride == STRIDE:
        state.stride = 0
        if is_heard(state):
            make_noise(state)
            state.events |= HEARD


@rule
def make_noise(state):
    """Guards learn the block the thief is in."""
    state.noise_x = state.x[0] // BLOCK * BLOCK + BLOCK // 2
    state.noise_y = state.y[0] // BLOCK * BLOCK + BLOCK // 2
    state.echo = ECHO


@rule
def is_heard(state):
    for guard in range(1, 4):
        dx, dy = state.x[0] - state.x[guard], state.y[0] - state.y[guard]
        if dx * dx + dy * dy <= HEARING * HEARING:
            return True
    return False
