"""What a seat perceives: `features`, `pixels`, `planes`, or `both` (a dict of features and planes), stacked.

A stack is the last `stack` frames joined along the first axis, oldest first; an episode begins with copies of its first frame.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import UserError
from .batch import PAINT_GRAIN, Batch
from .contract import Game
from .frame import INKS
from .snapshot import State, overwrite

KINDS = ("features", "pixels", "planes", "both")
DEFAULT_STACK = {"features": 1, "pixels": 4, "planes": 2, "both": 1}
GREY = {
    "self": 255,
    "mate": 215,
    "other": 130,
    "ball": 235,
    "wall": 90,
    "food": 190,
    "danger": 160,
}  # hud is for people


@dataclass(frozen=True)
class ObsSpec:
    """Which observation, how many frames of it, and the size of a `pixels` frame."""

    kind: str = "features"
    stack: int = 0  # 0: the usual for this kind
    size: tuple[int, int] = (64, 64)  # (h, w) of pixels

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise UserError(f"there is no observation {self.kind!r}; choose one of {', '.join(KINDS)}.")
        if not 0 <= self.stack <= 64:
            raise UserError(f"a stack holds 1 to 64 frames; got {self.stack}.")
        if not all(8 <= side <= 512 for side in self.size):
            raise UserError(f"a pixels frame is 8 to 512 pixels high and wide; got {self.size[0]} x {self.size[1]}.")
        if self.stack == 0:
            object.__setattr__(self, "stack", DEFAULT_STACK[self.kind])

    @property
    def parts(self) -> tuple[str, ...]:
        """The plain observations that this one is made of."""
        return ("features", "planes") if self.kind == "both" else (self.kind,)

    def frame_shape(self, game: Game, role: str, part: str) -> tuple[int, ...]:
        """The shape of one frame of a part: (features,), (planes, h, w) or (1, h, w)."""
        if part == "features":
            return (len(game.spec.features_of(role)),)
        if part == "planes":
            return (len(game.spec.planes), game.spec.grid[1], game.spec.grid[0])
        return (1, *self.size)

    def shape(self, game: Game, role: str, part: str) -> tuple[int, ...]:
        """The shape of a stacked part."""
        depth, *rest = self.frame_shape(game, role, part)
        return (depth * self.stack, *rest)


def dtype_of(part: str) -> np.dtype[Any]:
    return np.dtype(np.float32 if part == "features" else np.uint8)


def range_of(part: str) -> tuple[int, int]:
    """The least and greatest value of a part."""
    return {"features": (-1, 1), "planes": (0, 1), "pixels": (0, 255)}[part]


def ink_tables(game: Game, part: str) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Layer and level of every ink, (9,) each, as `raster.paint` reads them; a layer of -1 is left out.

    `planes` and `pixels` are for agents and leave the hud out; `inks` paints the number of each ink, for a palette.
    """
    shown = {"planes": game.spec.planes, "pixels": tuple(GREY), "inks": INKS}[part]
    layers, levels = np.full(len(INKS) + 1, -1, np.int32), np.zeros(len(INKS) + 1, np.int32)
    for index, ink in enumerate(shown):
        number = 1 + INKS.index(ink)
        layers[number] = index if part == "planes" else 0
        levels[number] = {"planes": 1, "pixels": GREY.get(ink, 0), "inks": number}[part]
    return layers, levels


Observation = NDArray[Any] | dict[str, NDArray[Any]]
Rows = NDArray[np.int32]


class Observer:
    """Watches some (game, seat) rows of a batch, all of one role, and keeps their stacks.

    With `fresh_arrays` each call allocates what it returns; else two buffers take turns, so that the observation before the
    newest stays intact (Stable-Baselines3 stores it one step late).
    """

    def __init__(self, batch: Batch, spec: ObsSpec, games: Rows, seats: Rows, *, fresh_arrays: bool = False) -> None:
        roles = sorted({batch.game.spec.roles[seat] for seat in seats})
        if len(roles) != 1:
            raise UserError(f"one observer serves one role; these seats hold {', '.join(roles) or 'none'}.")
        self.batch, self.spec, self.role = batch, spec, roles[0]
        self.games, self.seats = np.ascontiguousarray(games, np.int32), np.ascontiguousarray(seats, np.int32)
        self._stacks = {part: _Stack(self, part, fresh_arrays) for part in spec.parts}

    def observe(self) -> Observation:
        """What every row sees now: (rows, ...), or a dict of such arrays."""
        return self._joined({part: stack.push() for part, stack in self._stacks.items()})

    def observe_some(self, rows: NDArray[np.intp]) -> Observation:
        """As `observe`, for some rows, in new arrays; the others miss a frame, so they must begin anew before they are asked for."""
        return self._joined({part: stack.push_some(rows) for part, stack in self._stacks.items()})

    def peek(self, rows: NDArray[np.intp]) -> Observation:
        """What some rows see now, in new arrays, without making it part of their history: for final states."""
        return self._joined({part: stack.peek(rows) for part, stack in self._stacks.items()})

    def masks(self) -> NDArray[np.uint8]:
        """(rows, actions) uint8: 1 where an action is legal."""
        return self.batch.masks(self.games, self.seats)

    def seen(self) -> Observation:
        """What `observe` returned last, once more."""
        return self._joined({part: stack.newest for part, stack in self._stacks.items()})

    def state(self) -> State:
        """A snapshot of what was seen last, which is all that the next observation takes up."""
        return {part: stack.state() for part, stack in self._stacks.items()}

    def set_state(self, state: State) -> None:
        """Goes on from a snapshot of an equal observer. UserError: it does not fit."""
        for part, stack in self._stacks.items():
            stack.set_state(state[part])

    def _joined(self, seen: dict[str, NDArray[Any]]) -> Observation:
        return seen if self.spec.kind == "both" else seen[self.spec.kind]


class _Stack:
    """One part of an observer: its buffers, and the driver that fills them."""

    def __init__(self, observer: Observer, part: str, fresh_arrays: bool) -> None:
        game, spec = observer.batch.game, observer.spec
        self.observer, self.part, self.fresh_arrays = observer, part, fresh_arrays
        self.shape = spec.shape(game, observer.role, part)
        self.depth = spec.frame_shape(game, observer.role, part)[0]
        self.inks = None if part == "features" else self._newest_layers(*ink_tables(game, part))
        self.looked = False  # who comes into a game that is under way begins with copies of what it first sees
        self.newest, self.before = self._new(len(observer.games)), self._new(len(observer.games))

    def push(self) -> NDArray[Any]:
        target = self._new(len(self.newest)) if self.fresh_arrays else self.before
        self._fill(self.observer.games, self.observer.seats, self.newest, target)
        self.before, self.newest, self.looked = self.newest, target, True
        return target

    def push_some(self, rows: NDArray[np.intp]) -> NDArray[Any]:
        target = self.peek(rows)
        self.newest[rows], self.looked = target, True
        return target

    def peek(self, rows: NDArray[np.intp]) -> NDArray[Any]:
        target = self._new(len(rows))
        self._fill(self.observer.games[rows], self.observer.seats[rows], self.newest[rows], target)
        return target

    def state(self) -> State:
        return {"newest": self.newest.copy(), "looked": self.looked}

    def set_state(self, state: State) -> None:
        newest = self._new(len(self.newest))  # the old one may be in the hands of whoever was given it
        overwrite(newest, state["newest"], self.part)
        self.newest, self.looked = newest, state["looked"]

    def _new(self, rows: int) -> NDArray[Any]:
        return np.empty((rows, *self.shape), dtype_of(self.part))

    def _fill(self, games: Rows, seats: Rows, previous: NDArray[Any], target: NDArray[Any]) -> None:
        """The newest frame goes last; before it come the frames that were there, or copies of it in a fresh episode."""
        batch, kept = self.observer.batch, self.shape[0] - self.depth
        newest = target[:, kept:]
        if self.inks is None:
            batch.see_features(games, seats, newest)
        else:
            batch.spread(len(games), lambda lo, hi: newest[lo:hi].fill(0), PAINT_GRAIN)
            batch.see_layers(games, seats, *self.inks, target)
        if kept:
            batch.spread(
                len(games), lambda lo, hi: np.copyto(target[lo:hi, :kept], previous[lo:hi, self.depth :]), PAINT_GRAIN
            )
            self._begin(np.flatnonzero(batch.fresh[games] | (not self.looked)), target, kept)

    def _newest_layers(self, layers: Rows, levels: Rows) -> tuple[Rows, Rows]:
        """Painted straight into the whole stack, where rows of pixels are known to be contiguous: several times faster."""
        return np.where(layers >= 0, layers + self.shape[0] - self.depth, -1).astype(np.int32), levels

    def _begin(self, fresh: NDArray[np.intp], target: NDArray[Any], kept: int) -> None:
        for first in range(0, kept, self.depth):
            target[fresh, first : first + self.depth] = target[fresh, kept:]
