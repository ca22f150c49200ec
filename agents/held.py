"""Random numbers that are held for a while, a row for each character, without a generator whose state is shared.

A number is a hash of the row's key and of how often the row has drawn (SplitMix64's finaliser: Steele, Lea, Flood 2014). So a
row draws the same whoever else is there, and what has to be saved are counters.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import UserError

Keys = NDArray[np.uint64]
State = dict[str, Any]  # a snapshot, as in `npckit.games.snapshot`, which an NPC does without
_ROW, _DRAW, _ENTRY = (
    np.uint64(n) for n in (0x9E3779B97F4A7C15, 0xD1B54A32D192ED03, 0xBB67AE8584CAA73B)
)  # odd, so that no two coincide
KINDS = ("normal", "gumbel", "uniform")


def mix(z: Keys) -> Keys:
    """(n,) uint64 scrambled into others, one to one."""
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(z ^ (z >> np.uint64(31)))


def keys_of(rows: int, seed: int, lane: int) -> Keys:
    """(rows,) one key for each row; a seed and a lane (what the numbers are for) make a set of their own."""
    start = mix(np.full(rows, (seed * 64 + lane) % 2**64, np.uint64) + _ROW)
    return mix(start + np.arange(rows, dtype=np.uint64) * _ROW)


def uniforms(keys: Keys, draw: Keys, width: int) -> NDArray[np.float64]:
    """(rows, width) numbers between 0 and 1, both excluded, that follow from key and draw alone.

    >>> same = uniforms(keys_of(2, 7, 0), np.array([0, 5], np.uint64), 3)
    >>> bool((same == uniforms(keys_of(9, 7, 0)[:2], np.array([0, 5], np.uint64), 3)).all())
    True
    """
    start = mix(keys + draw * _DRAW)[:, None]
    scrambled = mix(start + np.arange(1, width + 1, dtype=np.uint64) * _ENTRY)
    return ((scrambled >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53


class Held:
    """`values` (rows, width) float64, standard normal, Gumbel or uniform in 0 to 1, each row drawn anew after a while of its own.

    A while is `mean` steps, evenly spread from half as many to half as many again.
    """

    def __init__(self, keys: Keys, width: int, mean: float, kind: str) -> None:
        assert kind in KINDS
        self._keys, self._mean, self._kind = keys, mean, kind
        self.values = np.zeros((len(keys), width))
        self._left = np.zeros(len(keys), np.int64)  # steps until the next draw
        self._drawn = np.zeros(len(keys), np.uint64)

    def step(self, fresh: NDArray[np.bool_]) -> None:
        """A decision is near: whose while is over draws, and so does who begins an episode."""
        over = np.flatnonzero(fresh | (self._left <= 0))
        if len(over):
            width = self.values.shape[1]
            chance = uniforms(self._keys[over], self._drawn[over], 2 * width + 1)
            self.values[over] = _shaped(chance[:, :width], chance[:, width:-1], self._kind)
            self._left[over] = np.maximum(1, np.rint(self._mean * (0.5 + chance[:, -1])))
            self._drawn[over] += np.uint64(1)
        self._left -= 1

    def state(self) -> State:
        return copied(self, ("values", "_left", "_drawn"))

    def set_state(self, state: State) -> None:
        restore(self, ("values", "_left", "_drawn"), state)


def copied(source: Any, names: tuple[str, ...]) -> State:
    """Copies of these arrays of an object."""
    return {name: getattr(source, name).copy() for name in names}


def restore(target: Any, names: tuple[str, ...], state: State) -> None:
    """Writes the arrays of a snapshot over those of an object. Raises UserError where they do not fit."""
    for name in names:
        array, saved = getattr(target, name), state[name]
        if (array.shape, array.dtype) != (saved.shape, saved.dtype):
            raise UserError(
                "this snapshot of handicapped players does not fit; build them as they were when it was made"
            )
        array[...] = saved


def _shaped(one: NDArray[np.float64], other: NDArray[np.float64], kind: str) -> NDArray[np.float64]:
    """Uniform numbers as normal ones (Box, Muller 1958), or as Gumbel's, whose greatest is drawn by a softmax."""
    if kind == "uniform":
        return one
    if kind == "gumbel":
        return np.asarray(-np.log(-np.log(one)))
    return np.asarray(np.sqrt(-2.0 * np.log(one)) * np.cos(2.0 * np.pi * other))
