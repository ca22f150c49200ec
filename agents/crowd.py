"""The stacks and recurrent states of many characters of one policy, for `Npc.act_many`."""

from collections.abc import Hashable, Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .card import Card

_Arrays = dict[str, NDArray[Any]]


class Crowd:
    """The stacks and states of many characters, a row each."""

    def __init__(self, card: Card) -> None:
        self._stack = card.observation.stack
        self._states = [name for name, _ in card.recurrent]
        self._rows: dict[Hashable, int] = {}
        self._free: list[int] = []
        parts = card.observation.parts
        self._memory = {part.name: np.zeros((0, self._stack, *part.frame_shape), part.dtype) for part in parts}
        self._memory |= {name: np.zeros((0, *shape), np.float32) for name, shape in card.recurrent}

    def forget(self, ids: Iterable[Hashable] | None = None) -> None:
        """Free the rows of these characters, or of all."""
        for key in list(self._rows) if ids is None else ids:
            if key in self._rows:
                self._free.append(self._rows.pop(key))

    def recall(self, ids: Sequence[Hashable], frames: dict[str, NDArray[Any]]) -> tuple[_Arrays, _Arrays, NDArray[Any]]:
        """Push each character's frame: stacked observations, recurrent states, and the rows they live in."""
        fresh = np.array([key not in self._rows for key in ids], bool)
        rows = np.array([self._row(key) for key in ids], np.intp)
        for name in self._states:
            self._memory[name][rows[fresh]] = 0
        obs = {}
        for name, images in frames.items():
            stacks = self._memory[name][rows]
            stacks[:, :-1] = stacks[:, 1:]
            stacks[:, -1] = images
            stacks[fresh] = images[fresh][:, None]
            self._memory[name][rows] = stacks
            obs[name] = stacks.reshape(len(rows), self._stack * images.shape[1], *images.shape[2:])
        return obs, {name: self._memory[name][rows] for name in self._states}, rows

    def keep(self, rows: NDArray[Any], state: _Arrays) -> None:
        """Store the new recurrent states."""
        for name, new in state.items():
            self._memory[name][rows] = new

    def _row(self, key: Hashable) -> int:
        if key not in self._rows:
            if not self._free:
                self._grow()
            self._rows[key] = self._free.pop()
        return self._rows[key]

    def _grow(self) -> None:
        old = len(self._rows)
        more = max(8, old)
        self._free = list(range(old, old + more))
        for name, array in self._memory.items():
            self._memory[name] = np.concatenate([array, np.zeros((more, *array.shape[1:]), array.dtype)])
