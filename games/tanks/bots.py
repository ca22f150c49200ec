"""Tanks' scripted players. Each sees the features alone, and decides once in four ticks.

easy    wanders, dreams every third time, and fires at what it sees now and then
normal  patrols from room to room, goes after noises, and fires as soon as it has aimed, with slow hands
hard    keeps in mind where the other may be and whether it is loaded, hunts it there, and drives out of the way of shells
"""

from ..contract import CELL, rule
from ..geometry import TURN, angle_of
from ..rng import randint
from .arena import COLUMNS, PITCH, ROOMS, WIDE
from .driving import BACK_SPEED, SPEED, TOP_SPIN, WARM_UP
from .hunt import choose_target, next_room, observe, own_room, own_x, own_y, read_walls, room_at
from .rules import FIRE, RELOAD, SPEC
from .senses import TOP_SHELL
from .shells import SHELLS

COS, SIN, SPIN, RELOADING, WAIT, SEEN, AHEAD, SIDE, RETURNS, HEARD, HEARD_DX, SHELL, CLEAR = (
    SPEC.features_of("tank").index(name)
    for name in (
        "heading_cos", "heading_sin", "spin", "reload", "wait", "seen", "other_ahead", "other_side", "shot_returns",
        "noise", "noise_dx", "own_shell_0_dx", "clear_0",
    )
)  # fmt: skip
STAY, FORWARD, BACK = range(3)
LEFT, RIGHT = 3, 6  # added to a drive
CLOSE_TURN = 24  # one drives on while turning by no more
SURE, LONG_SHOT = 35, 15  # angle by which a shot may be off at a distance of one cell; cells
STANCE = 29  # who reloads turns so far aside: the other stays in view, and a shell can be driven out of
SOON = 22 / RELOAD  # of reloading: time to aim again
CLOSE, CLOSER = 7, 3  # cells, to a tank that may be loaded and to one that is not
SAFE = 260.0  # sub-pixels between a shell's way and the middle of a tank
HORIZON = 48.0  # ticks for which one looks ahead


@rule
def easy(features, mask, memory):
    if randint(memory, 3) == 0:
        return STAY
    if features[SEEN] > 0:
        aim = bearing(features[AHEAD], features[SIDE])
        if abs(aim) < 12 and mask[FIRE] == 1 and randint(memory, 3) == 0:
            return FIRE
        return turn_by(features, aim)
    return wander(features, memory)


@rule
def wander(features, memory):
    """Straight on; before a wall, towards the clearer side."""
    if features[CLEAR] * WIDE > 2:
        return FORWARD + (LEFT if randint(memory, 12) == 0 else 0)
    return LEFT if features[CLEAR + 7] + features[CLEAR + 6] > features[CLEAR + 1] + features[CLEAR + 2] else RIGHT


@rule
def normal(features, mask, memory):
    if features[WAIT] > 0:
        memory.knows = 0
        return STAY
    if features[SEEN] > 0:
        return shoot(features, mask) if randint(memory, 3) > 0 else STAY
    if memory.knows == 0:
        read_walls(features, memory)
        memory.knows = 1
        memory.target = randint(memory, ROOMS)
    if features[HEARD] > 0:
        memory.target = room_at(features, HEARD_DX)
    room = own_room(features)
    near = next_room(memory, room, memory.target)
    if near == room:
        memory.target = randint(memory, ROOMS)
    return drive_to(features, near)


@rule
def shoot(features, mask):
    aim = bearing(features[AHEAD], features[SIDE])
    return FIRE if mask[FIRE] == 1 and is_sure(aim, cells_away(features)) else turn_by(features, aim)


@rule
def cells_away(features):
    return (features[AHEAD] ** 2 + features[SIDE] ** 2) ** 0.5 * WIDE


@rule
def is_sure(aim, distance):
    return abs(aim) < max(3, SURE / distance)


@rule
def hard(features, mask, memory):
    if features[WAIT] > 0:
        memory.knows = 0
        return STAY
    observe(features, memory)
    if features[SEEN] > 0:
        return fight(features, mask, memory)
    room = own_room(features)
    return safest(features, drive_to(features, next_room(memory, room, choose_target(memory, room))))


@rule
def fight(features, mask, memory):
    """Shoots when it may, comes nearer when it can, and keeps aside while it reloads."""
    aim, distance = bearing(features[AHEAD], features[SIDE]), cells_away(features)
    fires = mask[FIRE] == 1 and is_sure(aim, distance) and distance < LONG_SHOT and features[RETURNS] == 0
    drive = STAY
    if features[RELOADING] > SOON:
        aim += -STANCE if aim > 0 else STANCE
    elif abs(aim) < CLOSE_TURN and distance > (CLOSER if memory.other_reload > 0 else CLOSE):
        drive = FORWARD
    return safest(features, turn_by(features, aim) + drive) + (FIRE if fires else 0)


@rule
def safest(features, action):
    """The same turn with another drive, if shells ask for it."""
    wanted = action % 3
    best, best_miss = wanted, miss_of(features, wanted)
    for drive in range(3):
        miss = miss_of(features, drive) if best_miss < SAFE else 0.0
        if miss > best_miss:
            best, best_miss = drive, miss
    return action - wanted + best


@rule
def miss_of(features, drive):
    """How near the shells in sight will come to a tank that drives so, in sub-pixels; SAFE when not near."""
    speed = 0.0
    if drive == FORWARD and features[CLEAR] * WIDE > 1.0:
        speed = SPEED
    elif drive == BACK and features[CLEAR + 4] * WIDE > 1.0:
        speed = -BACK_SPEED
    nearest = SAFE
    for shell in range(2 * SHELLS):
        at = SHELL + 5 * shell
        if 0 < features[at + 4] < (1.0 if shell < SHELLS else 2.0):  # an own one is no danger until it has bounced
            nearest = min(nearest, pass_by(features, at, speed * features[COS], speed * features[SIN]))
    return nearest


@rule
def pass_by(features, at, own_vx, own_vy):
    """How near a shell will pass."""
    x, y = features[at] * WIDE * CELL, features[at + 1] * WIDE * CELL
    vx, vy = features[at + 2] * TOP_SHELL - own_vx, features[at + 3] * TOP_SHELL - own_vy
    ticks = min(max(-(x * vx + y * vy) / (vx * vx + vy * vy), 0.0), HORIZON)
    off_x, off_y = x + vx * ticks, y + vy * ticks
    return (off_x * off_x + off_y * off_y) ** 0.5


@rule
def drive_to(features, room):
    """Towards the middle of a room."""
    dx = room % COLUMNS * PITCH + 2 - own_x(features)
    dy = room // COLUMNS * PITCH + 2 - own_y(features)
    cos, sin = features[COS], features[SIN]
    turn = bearing(dx * cos + dy * sin, dy * cos - dx * sin)
    return turn_by(features, turn) + (FORWARD if abs(turn) <= CLOSE_TURN else STAY)


@rule
def bearing(ahead, side):
    """The turn that leads to a direction, -128 to 127."""
    angle = angle_of(int(ahead * 4096), int(side * 4096))
    return angle - TURN if angle >= TURN // 2 else angle


@rule
def turn_by(features, turn):
    """Turns by about so much: not past it, though a tank turns the faster the longer it turns."""
    if abs(turn) <= 2:
        return STAY
    spin = features[SPIN] * TOP_SPIN if turn > 0 else -features[SPIN] * TOP_SPIN
    step = WARM_UP * (1 + max(int(spin + 0.5), 0) // WARM_UP)
    return STAY if step > abs(turn) + 2 else RIGHT if turn > 0 else LEFT
