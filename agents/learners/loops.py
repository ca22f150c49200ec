"""Loops over a minibatch on a CPU, compiled by Numba: each stands for a dozen operations of torch, and gives what they give.

An operation of torch on a few hundred numbers costs ten times its arithmetic. The loops take arrays, which may be views of
tensors, and write into the last of them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np

from ...games.compiler import build, source_key
from .policies import NEVER

ON, ENDED, CUT = 0, 1, 2  # what a step did to its episode: it goes on, it is over, the clock cut it short


def loop(function: Callable[..., None]) -> Callable[..., None]:
    """A function over arrays that is compiled when it is first called, and kept on the disk."""
    fast: Callable[..., None] | None = None

    @wraps(function)
    def call(*arguments: Any) -> None:
        nonlocal fast
        if fast is None:
            fast = build(function, {}, "compiled", f"learners-{source_key([function])}")
        fast(*arguments)

    return call


@loop
def windows(index: Any, actions: Any, rewards: Any, ends: Any, powers: Any, rows: int, places: Any, facts: Any) -> None:
    """Up to n steps from each place of `index` (k,) in a ring whose `rows` stand side by side, as `replay.n_step` counts them.

    `places` (3, k): where they begin, where the rest is valued, and what was done first; `facts` (3, k): what they gave, what
    the rest counts, and their weights, which are taken away where nothing is known.
    """
    size, reach = len(rewards), len(powers) - 1
    for i in range(len(index)):
        place, total, steps, over = index[i] % size, np.float32(0), 0, False
        places[0, i], places[2, i] = place, actions[place]
        while steps < reach and not over and ends[place] != CUT:
            total += powers[steps] * rewards[place]
            over = ends[place] == ENDED
            steps += 1
            place += rows
            if place >= size:
                place -= size
        places[1, i] = place
        facts[0, i], facts[1, i] = total, 0 if over else powers[steps]
        if steps == 0:
            facts[2, i] = 0


@loop
def choose(scores: Any, masks: Any, rates: Any, chances: Any, actions: Any) -> None:
    """The best action of each row of `scores` (n, actions), or at a rate, (n,) or (1,), any: of those that `masks` allow.

    `chances` (2, n) in 0..1: whether it is any, and which. No masks, (0, 0): all are allowed.
    """
    count = scores.shape[1]
    for i in range(len(scores)):
        best, legal = -1, 0
        for action in range(count):
            if len(masks) == 0 or masks[i, action]:
                legal += 1
                if best < 0 or scores[i, action] > scores[i, best]:
                    best = action
        actions[i] = max(best, 0)
        if chances[0, i] < rates[i % len(rates)]:
            left = int(chances[1, i] * legal)
            for action in range(count):
                if len(masks) == 0 or masks[i, action]:
                    if left == 0:
                        actions[i] = action
                    left -= 1


@loop
def slopes(
    values: Any, later: Any, chooser: Any, masks: Any, actions: Any, returns: Any, discounts: Any, weights: Any, share: float,
    targets: Any, error: Any, slope: Any,
) -> None:  # fmt: skip
    """What actions should be worth (k,), how far `values` (k, actions) are off, and the slope of the Huber loss (k, actions).

    Each of them has a `share` in the loss. Of `later` (k, actions) the best by `chooser` counts, among those that are legal; no
    `masks`, (0, 0): all are.
    """
    for i in range(len(actions)):
        best, highest = 0, np.float32(NEVER)
        for action in range(values.shape[1]):
            slope[i, action] = 0
            if (len(masks) == 0 or masks[i, action]) and chooser[i, action] > highest:
                best, highest = action, chooser[i, action]
        targets[i] = returns[i] + discounts[i] * later[i, best]
        error[i] = values[i, actions[i]] - targets[i]
        slope[i, actions[i]] = weights[i] * share * min(max(error[i], -1), 1)


@loop
def change_tree(index: Any, values: Any, fan: int, levels: Any) -> None:
    """Puts values (k,) at index (k,) of the lowest level, and brings up to date the sums of `fan` numbers in each level above."""
    for i in range(len(index)):
        levels[0][index[i]] = values[i]
    for i in range(len(index)):
        place = index[i]
        for above in range(1, len(levels)):
            place //= fan
            below, first = levels[above - 1], place * fan
            even = odd = np.float32(0)  # two sums at a time: each addition waits for the one before it
            for j in range(first, first + fan, 2):
                even += below[j]
                odd += below[j + 1]
            levels[above][place] = even + odd


@loop
def search_tree(shares: Any, fan: int, levels: Any, places: Any) -> None:
    """Where the running sum of the lowest level reaches `shares` (k,), in 0..1, of the whole; as `change_tree` leaves the levels."""
    top = len(levels) - 1
    total = levels[top].sum()
    for i in range(len(shares)):
        rest, place = shares[i] * total, 0
        for level in range(top, -1, -1):
            numbers, first = levels[level], place * fan
            for j in range(first, len(numbers) if level == top else first + fan):
                if numbers[j] > 0:
                    place = j
                    if rest < numbers[j]:
                        break
                    rest -= numbers[j]
            else:
                rest = numbers[place]  # rounding has carried it beyond the last one
        places[i] = place


@loop
def adam(
    rate: float,
    first: float,
    second: float,
    epsilon: float,
    gradient: Any,
    weights: Any,
    mean: Any,
    square: Any,
    steps: Any,
) -> None:
    """One step of Adam (Kingma and Ba 2015), as torch has it, on vectors (size,); `steps` (m,) are counted on."""
    steps += 1
    size = rate / (1 - first ** steps[0])
    scale = np.float32(1 / np.sqrt(1 - second ** steps[0]))
    a, b, c, d = np.float32(1 - first), np.float32(1 - second), np.float32(size), np.float32(epsilon)
    for i in range(len(weights)):
        mean[i] += a * (gradient[i] - mean[i])
        square[i] += b * (gradient[i] * gradient[i] - square[i])
        weights[i] -= c * mean[i] / (np.sqrt(square[i]) * scale + d)
