"""The loops over a batch. Each calls a title's rules by global name; `compiler.build` puts them in.

Arrays: states (n,) records; actions (n, seats) int32, the rules' own; rewards, returns (n, seats) float32; rows are two (r,)
int32 arrays that name a game and a seat each. Loops are plain and scalar: Numba compiles them, and Python runs them as they are.
"""

from typing import Any

from .contract import rule
from .raster import paint

RESET: Any = None  # a title's rules, bound by `compiler.build`
STEP = DRAW = FEATURES = LEGAL = BOT = RESET


def reset(states, where, seeds):
    """Starts an episode in each game of `where` (bool) from its seed; the records are zero before."""
    for i in range(len(states)):
        if where[i]:
            RESET(states[i], seeds[i])


def advance(states, running, actions, ticks, max_ticks, rewards, returns, terminated, truncated, events, counts):
    """Plays up to `ticks` ticks in each running game; a game stops at its natural end or at `max_ticks`."""
    seats = actions.shape[1]
    for i in range(len(states)):
        for seat in range(seats):
            rewards[i, seat] = 0.0
        terminated[i] = False
        truncated[i] = False
        events[i] = 0
        if not running[i]:
            continue
        state, chosen, gained = states[i], actions[i], rewards[i]
        for _ in range(ticks):
            state.events = 0
            ended = STEP(state, chosen, gained)
            state.tick = state.tick + 1
            if state.events != 0:
                events[i] = events[i] | state.events
                count_events(state.events, counts[i])
            if ended or state.tick >= max_ticks:
                terminated[i] = ended
                truncated[i] = state.tick >= max_ticks
                break
        for seat in range(seats):
            returns[i, seat] = returns[i, seat] + rewards[i, seat]


@rule
def count_events(events, counts):
    for bit in range(len(counts)):
        counts[bit] = counts[bit] + ((events >> bit) & 1)


@rule
def all_legal(state, seat, out):
    """The mask of a title that has none."""
    for action in range(len(out)):
        out[action] = 1


def masks(states, games, seats, out):
    """out (r, actions) uint8: 1 where an action is legal."""
    for r in range(len(games)):
        LEGAL(states[games[r]], seats[r], out[r])


def first_illegal(states, running, actions, counts, seat, mask):
    """The first running game in which this seat's action is not legal, or -1; `counts` is the number of actions."""
    for i in range(len(states)):
        if running[i]:
            action = actions[i, seat]
            if action < 0 or action >= counts:
                return i
            LEGAL(states[i], seat, mask)
            if mask[action] == 0:
                return i
    return -1


def features(states, games, seats, out):
    """out (r, features) float32, a row may be a part of a longer one: what each row's seat perceives in numbers."""
    for r in range(len(games)):
        FEATURES(states[games[r]], seats[r], out[r])


def draw(states, games, seats, frames):
    """Writes the display list of each row's seat into frames (r,)."""
    for r in range(len(games)):
        frames[r].count = 0
        DRAW(states[games[r]], seats[r], frames[r])


def layers(shapes, counts, seats, mirror_x, mirror_y, field, layer_of, level_of, bitmaps, images):
    """Paints a display list for each row: shapes (r, max, 8) and counts (r,) int32 onto images (r, layers, h, w) uint8.

    No rule of a title is called, so this compiles once for all of them.
    """
    for r in range(len(seats)):
        place = seats[r] + 1
        paint(shapes[r], counts[r], mirror_x[place], mirror_y[place], field, layer_of, level_of, bitmaps, images[r])


def bots(running, games, seats, memories, seen, masks, actions):
    """Lets a scripted player decide for each row, from seen (r, features) float64 and masks (r, actions)."""
    for r in range(len(games)):
        if running[games[r]]:
            actions[games[r], seats[r]] = BOT(seen[r], masks[r], memories[r])
