"""Heist's scripted guards."""

from ..contract import i8, rule
from ..rng import randint
from .hunt import (
    PATIENCE,
    choose_room,
    go,
    hunt,
    is_at,
    mate_x,
    mate_y,
    noise_x,
    noise_y,
    note_trace,
    patrol,
    seen_x,
    seen_y,
)
from .names import DOORS_HERE, NOISE, SEEN
from .plan import ROOMS, room_at
from .routes import aim_through, own_x, own_y, recall, step_to_aim

GUARD_MEMORY = {
    "now": i8,  # decisions made
    "goal": i8,  # 1 more than the room it walks to
    "visited": (i8, ROOMS),  # when a guard was last there
    "lingered": i8,  # for how many decisions it has kept watch
    "trace": i8,  # when the thief was last perceived
    "trace_x": i8,
    "trace_y": i8,
    "trace_dx": i8,
    "trace_dy": i8,
}
LINGER = 3  # decisions for which it stays in a door


@rule
def easy_guard(features, mask, memory):
    """Wanders from room to room; runs after a thief it sees, when it thinks of it."""
    recall(features, memory)
    if features[SEEN] > 0.5 and randint(memory, 2) == 0:
        return go(features, memory, seen_x(features), seen_y(features))
    if memory.goal == 0 or is_at(features, memory, memory.goal - 1):
        memory.goal = 1 + randint(memory, ROOMS)
    return patrol(features, memory)


@rule
def normal_guard(features, mask, memory):
    """Makes rounds; goes where the thief is seen, or was just heard."""
    recall(features, memory)
    if features[SEEN] > 0.5:
        return go(features, memory, seen_x(features), seen_y(features))
    if features[NOISE] > 0.0:
        return go(features, memory, noise_x(features), noise_y(features))
    if memory.goal == 0:
        memory.goal = 1 + room_at(memory, own_x(features), own_y(features))
    if is_at(features, memory, memory.goal - 1):
        memory.goal = 1 + (memory.goal + 4) % ROOMS
    return patrol(features, memory)


@rule
def hard_guard(features, mask, memory):
    recall(features, memory)
    memory.now += 1
    note_rounds(features, memory)
    note_trace(features, memory)
    if memory.trace > 0 and memory.now - memory.trace < PATIENCE:
        return hunt(features, memory)
    return keep_watch(features, memory)


@rule
def keep_watch(features, memory):
    """In the nearest door, looking into one room and then the other; after a while it goes to another place."""
    if memory.goal > 0:
        if is_at(features, memory, memory.goal - 1):
            memory.goal = 0
        return patrol(features, memory) if memory.goal > 0 else hold_door(features, memory)
    memory.lingered += 1
    if memory.lingered > LINGER:
        memory.lingered = 0
        memory.goal = 1 + choose_room(features, memory)
    return hold_door(features, memory)


@rule
def hold_door(features, memory):
    best = 0
    for side in range(1, 4):
        if features[DOORS_HERE + 4 * side + 3] < features[DOORS_HERE + 4 * best + 3]:
            best = side
    aim_through(memory, room_at(memory, own_x(features), own_y(features)), best)
    return step_to_aim(features, memory)


@rule
def note_rounds(features, memory):
    memory.visited[room_at(memory, own_x(features), own_y(features))] = memory.now
    for mate in range(2):
        memory.visited[room_at(memory, mate_x(features, mate), mate_y(features, mate))] = memory.now
