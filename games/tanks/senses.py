"""What a tank perceives in numbers. The second seat sees the field turned half round; `ahead` and `side` turn with the tank.

Lengths are shares of the field's width, so that angles between them hold.
"""

import numpy as np

from ..contract import CELL, rule
from ..geometry import SINE, TURN, angle_of, distance, turn_between
from .arena import COLUMNS, ROOMS
from .driving import SPEED, TOP_SPIN
from .rules import GOAL, NOISE, RAYS, READY, RELOAD, SPEC, WRECK, middle_x, middle_y
from .shells import LEGS, REACH, SHELL_SPEED, SHELLS
from .sight import sees_shell, sees_tank

WIDTH, HEIGHT = SPEC.field[0] * CELL, SPEC.field[1] * CELL
COS, SIN = np.roll(SINE, -TURN // 4) / CELL, SINE / CELL
OTHER, SHOT, HEARD, THREAT, SHELL, RAY, WALL = 13, 23, 25, 28, 32, 32 + 10 * SHELLS, 32 + 10 * SHELLS + RAYS
DANGER_TICKS, DANGER_NEAR = 64, 2 * REACH  # a shell threatens who will be so near to its way so soon
MAX_TICKS = SPEC.max_ticks
TOP_MOVE, TOP_SHELL = SPEED + 2, SHELL_SPEED + 2  # along an axis, after rounding
FAR = 1e9


@rule
def features(state, seat, out):
    facing = 1.0 - 2.0 * seat
    sense_own(state, seat, facing, out)
    for entry in range(OTHER, RAY):
        out[entry] = 0.0
    if sees_tank(state, seat, 1 - seat):
        sense_other(state, seat, facing, out)
    sense_shot(state, seat, out)
    sense_noise(state, seat, facing, out)
    sense_shells(state, seat, facing, out)
    x, y = state.x[seat] + 0.0, state.y[seat] + 0.0
    for i in range(RAYS):
        angle = (state.heading[seat] + TURN // RAYS * i) % TURN
        out[RAY + i] = min(abs(ray(state.walls, x, y, COS[angle], SIN[angle])) / WIDTH, 1.0)
    sense_walls(state, out)


@rule
def sense_own(state, seat, facing, out):
    other = 1 - seat
    out[0] = facing * (2 * state.x[seat] / WIDTH - 1)
    out[1] = facing * (2 * state.y[seat] / HEIGHT - 1)
    out[2] = facing * COS[state.heading[seat]]
    out[3] = facing * SIN[state.heading[seat]]
    out[4] = state.spin[seat] / TOP_SPIN
    out[5] = state.reload[seat] / RELOAD
    flying = 0
    for shell in range(seat * SHELLS, (seat + 1) * SHELLS):
        flying += 1 if state.legs[shell] > 0 else 0
    out[6] = 1 - flying / SHELLS
    out[7] = state.score[seat] / GOAL
    out[8] = state.score[other] / GOAL
    out[9] = state.wait / (READY + WRECK)
    out[10] = max(1 - state.tick / MAX_TICKS, 0.0)
    out[11] = state.wreck[seat]
    out[12] = 0.0


@rule
def sense_other(state, seat, facing, out):
    other, heading = 1 - seat, state.heading[seat]
    dx, dy = state.x[other] - state.x[seat], state.y[other] - state.y[seat]
    out[12] = state.wreck[other]
    out[13] = 1.0
    out[14] = facing * dx / WIDTH
    out[15] = facing * dy / WIDTH
    out[16] = (dx * COS[heading] + dy * SIN[heading]) / WIDTH
    out[17] = (dy * COS[heading] - dx * SIN[heading]) / WIDTH
    out[18] = facing * COS[state.heading[other]]
    out[19] = facing * SIN[state.heading[other]]
    out[20] = min(max(facing * state.move_x[other] / TOP_MOVE, -1.0), 1.0)
    out[21] = min(max(facing * state.move_y[other] / TOP_MOVE, -1.0), 1.0)
    ticks = distance(dx, dy) // SHELL_SPEED
    aim = angle_of(dx + state.move_x[other] * ticks, dy + state.move_y[other] * ticks)
    out[22] = turn_between(heading, aim) * 2 / TURN


@rule
def sense_shot(state, seat, out):
    """Whether a shell fired now would hit the other where it is seen, or come back to who fired it."""
    x, y, heading = state.x[seat] + 0.0, state.y[seat] + 0.0, state.heading[seat]
    dx, dy = COS[heading], SIN[heading]
    length = ray(state.walls, x, y, dx, dy)
    to_x, to_y = state.x[1 - seat] - x, state.y[1 - seat] - y
    is_seen = out[OTHER] > 0
    if is_seen and lies_near(to_x, to_y, dx, dy, abs(length)):
        out[SHOT] = 1.0
        return
    bounce_x, bounce_y = (abs(length) - 1) * dx, (abs(length) - 1) * dy
    dx, dy = (-dx, dy) if length > 0 else (dx, -dy)
    length = abs(ray(state.walls, x + bounce_x, y + bounce_y, dx, dy))
    out[SHOT] = 1.0 if is_seen and lies_near(to_x - bounce_x, to_y - bounce_y, dx, dy, length) else 0.0
    out[SHOT + 1] = 1.0 if lies_near(-bounce_x, -bounce_y, dx, dy, length) else 0.0


@rule
def lies_near(x, y, dx, dy, length):
    """Whether a way of this direction and length, from (0, 0), would hit a tank at (x, y)."""
    along = min(max(x * dx + y * dy, 0.0), length)
    off_x, off_y = x - along * dx, y - along * dy
    return off_x * off_x + off_y * off_y <= REACH * REACH


@rule
def ray(walls, x, y, dx, dy):
    """How far it is from an open place to the first wall in a direction; negative where that faces up or down.

    After Amanatides and Woo (1987).
    """
    column, row = int(x // CELL), int(y // CELL)
    right, down = 1 if dx > 0 else -1, 1 if dy > 0 else -1
    stride_x, stride_y = CELL / abs(dx) if dx != 0 else FAR, CELL / abs(dy) if dy != 0 else FAR
    share_x, share_y = (x - column * CELL) / CELL, (y - row * CELL) / CELL
    to_x = stride_x * (1 - share_x if dx > 0 else share_x)
    to_y = stride_y * (1 - share_y if dy > 0 else share_y)
    while True:
        if to_x < to_y:
            column += right
            if walls[row, column] != 0:
                return to_x
            to_x += stride_x
        else:
            row += down
            if walls[row, column] != 0:
                return -to_y
            to_y += stride_y


@rule
def sense_noise(state, seat, facing, out):
    if state.noise[seat] > 0:
        room = state.noise_room[seat]
        out[HEARD] = state.noise[seat] / NOISE
        out[HEARD + 1] = facing * (middle_x(room) - state.x[seat]) / WIDTH
        out[HEARD + 2] = facing * (middle_y(room) - state.y[seat]) / WIDTH


@rule
def sense_shells(state, seat, facing, out):
    soonest = DANGER_TICKS + 0.0
    for i in range(2 * SHELLS):
        shell = (i + seat * SHELLS) % (2 * SHELLS)  # the own ones first
        if not sees_shell(state, seat, shell):
            continue
        dx, dy = state.shell_x[shell] - state.x[seat], state.shell_y[shell] - state.y[seat]
        vx, vy = state.shell_vx[shell], state.shell_vy[shell]
        at = SHELL + 5 * i
        out[at] = facing * dx / WIDTH
        out[at + 1] = facing * dy / WIDTH
        out[at + 2] = facing * vx / TOP_SHELL
        out[at + 3] = facing * vy / TOP_SHELL
        out[at + 4] = state.legs[shell] / LEGS
        ticks = -(dx * vx + dy * vy) / (vx * vx + vy * vy)
        if (i >= SHELLS or state.legs[shell] < LEGS) and 0 <= ticks < soonest:
            off_x, off_y = dx + vx * ticks, dy + vy * ticks
            if off_x * off_x + off_y * off_y < DANGER_NEAR * DANGER_NEAR:
                soonest = ticks
                sense_threat(ticks, off_x, off_y, state.heading[seat], out)


@rule
def sense_threat(ticks, off_x, off_y, heading, out):
    """In how many ticks a shell comes nearest, and where it then is, seen from the tank."""
    out[THREAT] = 1.0
    out[THREAT + 1] = ticks / DANGER_TICKS
    out[THREAT + 2] = (off_x * COS[heading] + off_y * SIN[heading]) / DANGER_NEAR
    out[THREAT + 3] = (off_y * COS[heading] - off_x * SIN[heading]) / DANGER_NEAR


@rule
def sense_walls(state, out):
    """Which walls stand between rooms, in the upper half and the middle; the field is the same turned half round."""
    at = WALL
    for room in range(ROOMS // 2):
        if room % COLUMNS < COLUMNS - 1:
            out[at] = 1.0 - ((state.open_east >> room) & 1)
            at += 1
    for room in range((ROOMS - COLUMNS) // 2):
        out[at] = 1.0 - ((state.open_south >> room) & 1)
        at += 1
