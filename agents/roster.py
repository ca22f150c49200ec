"""Who is in a crowd, and what is remembered of each: a row of arrays, found by the character's id."""

from collections.abc import Hashable, Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import UserError
from .card import Card

Ids = Sequence[Hashable]
Rows = Any  # a slice, or (n,) whole numbers
_OWN = np.dtype(
    [
        ("fresh", bool),
        ("number", np.int64),
        ("draws", np.uint64),
        ("wait", np.int64),
        ("held", np.int64),
        ("now", np.int64),
    ]
)


class Roster:
    """`memory`: stacks and recurrent states by name, a row each. `own`: whether it begins, as the how-manieth it joined, what it has
    drawn, ticks until it decides, its action, and the tick of its episode.
    """

    def __init__(self, card: Card) -> None:
        self._card = card
        self.clear()

    def clear(self) -> None:
        """Everybody leaves."""
        self._rows: dict[Hashable, int] = {}
        self._free: list[int] = []
        self._ids: Ids | None = None
        self.joined = 0
        self.memory, self.own = self._room(0), np.zeros(0, _OWN)

    def leave(self, ids: Iterable[Hashable]) -> list[int]:
        """These leave, if they are there; who comes again begins anew. Returns their numbers."""
        rows = [self._rows.pop(key) for key in ids if key in self._rows]
        self._free += rows
        self._ids = None
        return [int(self.own["number"][row]) for row in rows]

    def find(self, ids: Ids) -> Rows:
        """The rows of these characters, in their order; who is new joins. Raises UserError where one is named twice."""
        is_array = isinstance(ids, np.ndarray)
        if not is_array and type(ids) is type(self._ids) and ids == self._ids:
            return self._found
        keys = ids.tolist() if is_array else list(ids)  # type: ignore[attr-defined]
        if len(set(keys)) < len(keys):
            raise UserError(f"an id is given twice among {len(keys)}; every character has one of its own")
        rows = np.array([self._row(key) for key in keys], np.intp)
        is_run = len(rows) > 0 and bool((np.diff(rows) == 1).all())
        self._found: Rows = slice(int(rows[0]), int(rows[-1]) + 1) if is_run else rows  # a slice is read without a copy
        self._ids = ids if isinstance(ids, range | tuple) else keys
        return self._found

    def _row(self, key: Hashable) -> int:
        if key not in self._rows:
            if not self._free:
                self._grow()
            row = self._rows[key] = self._free.pop()
            for array in self.memory.values():
                array[row] = 0
            self.own[row] = (True, self.joined, 0, 0, 0, 0)
            self.joined += 1
        return self._rows[key]

    def _grow(self) -> None:
        old = len(self.own)
        more = max(8, old)
        self._free = [*range(old + more - 1, old - 1, -1)]  # taken from the end, so that rows follow each other
        new = self._room(more)
        self.memory = {name: np.concatenate([array, new[name]]) for name, array in self.memory.items()}
        self.own = np.concatenate([self.own, np.zeros(more, _OWN)])

    def _room(self, rows: int) -> dict[str, NDArray[Any]]:
        stack, parts = self._card.observation.stack, self._card.observation.parts
        stacks = {part.name: np.zeros((rows, stack, *part.frame_shape), part.dtype) for part in parts}
        return stacks | {name: np.zeros((rows, *shape), np.float32) for name, shape in self._card.recurrent}
