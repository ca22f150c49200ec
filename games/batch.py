"""Many games of one title, side by side: the owner of time.

The batch alone does frame skip, the end at `max_ticks`, restarts and episode seeds. States are an array of records: copying
it is a snapshot, its bytes are a save. Work may be spread over threads; results do not depend on their number.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import UserError
from .compiler import Mode
from .contract import CELL, SPECTATOR, Game
from .frame import frame_dtype
from .program import program_of, shared_driver
from .raster import bitmap_table
from .rng import mix
from .snapshot import State, as_bytes, copied, restore

GRAIN, PAINT_GRAIN = 4096, 256  # rows that are worth waking a thread for: of plain loops, of pictures
_EPISODE = np.uint64(0xD1B54A32D192ED03)  # an odd step between the seeds of one game's episodes
Rows = NDArray[np.int32]
_KEPT = (
    "_bytes", "seeds", "rewards", "returns", "terminated", "truncated", "running", "fresh", "events", "event_counts",
)  # fmt: skip


class Batch:
    """`num_games` games of a title.

    After `step`: rewards, returns (n, seats) float32 (the decision's, the episode's); terminated, truncated (n,) bool, which
    may both be true; events (n,) int32 bits and event_counts (n, events) of the episode. `fresh` (n,) bool marks games
    whose episode has just begun, `running` those that have not ended.
    """

    def __init__(
        self,
        game: Game,
        num_games: int = 1,
        *,
        seats: int | None = None,
        mode: Mode = "compiled",
        threads: int = 1,
        max_ticks: int = 0,
    ) -> None:
        spec = game.spec
        if num_games < 1:
            raise UserError(f"a batch holds at least one game; got {num_games}.")
        self.game, self.num_games, self.seats = game, num_games, spec.seat_count(seats or 0)
        self.max_ticks = max_ticks or spec.max_ticks
        self.states: NDArray[Any] = np.zeros(num_games, game.state)
        self._bytes = as_bytes(self.states)
        self.rewards = np.zeros((num_games, self.seats), np.float32)
        self.returns = np.zeros((num_games, self.seats), np.float32)
        self.terminated, self.truncated = np.zeros(num_games, bool), np.zeros(num_games, bool)
        self.running, self.fresh = np.zeros(num_games, bool), np.zeros(num_games, bool)
        self.events = np.zeros(num_games, np.int32)
        self.event_counts = np.zeros((num_games, len(spec.events)), np.int32)
        self.seeds = np.zeros(num_games, np.uint64)  # of the episodes that are being played
        self._action_counts = np.array([len(spec.actions_of(role)) for role in spec.roles[: self.seats]], np.uint32)
        self._field_actions = _field_action_table(game, self.seats, int(self._action_counts.max()))
        self._program = program_of(game, mode)
        self._threads = max(1, min(threads, num_games))
        self._pool = ThreadPoolExecutor(self._threads - 1) if self._threads > 1 else None
        self._frames = np.zeros(1, frame_dtype(spec.max_shapes))
        self._bitmaps = bitmap_table(spec.sprites)
        self._field = np.array(spec.field, np.int64) * CELL
        mirrored = [spec.is_mirrored(seat) for seat in range(SPECTATOR, self.seats)]
        self._mirror_x = np.array([m and "x" in spec.mirror for m in mirrored])
        self._mirror_y = np.array([m and "y" in spec.mirror for m in mirrored])

    # --- time -----------------------------------------------------------------------------------------------------------

    def reset(self, seed: int = 0) -> None:
        """Starts an episode in every game; the seeds of all episodes to come follow from `seed`."""
        streams = np.uint64(seed % 2**64) + np.arange(self.num_games, dtype=np.uint64) * np.uint64(2**32 + 15)
        self.reset_to(mix(streams))

    def reset_to(self, seeds: NDArray[np.uint64]) -> None:
        """Starts in every game the episode of exactly this seed, (n,) uint64."""
        self.seeds[:] = seeds
        self._begin(np.ones(self.num_games, bool))

    def restart(self, where: NDArray[np.bool_]) -> None:
        """Starts the next episode in some games."""
        self.seeds[where] = mix(self.seeds[where] + _EPISODE)
        self._begin(where)

    def _begin(self, where: NDArray[np.bool_]) -> None:
        self._bytes[where] = 0
        if "seats" in (self.game.state.names or ()):
            self.states["seats"][where] = self.seats
        self._program.driver("reset")(self.states, where, self.seeds)
        for array in (self.returns, self.event_counts, self.terminated, self.truncated):
            array[where] = 0
        self.running[where] = self.fresh[where] = True

    def step(self, actions: NDArray[Any], ticks: int | None = None, *, deciding: Iterable[int] | None = None) -> None:
        """One decision of every seat, (n, seats) seat-relative actions, held for `ticks` (default: `decision_ticks`).

        Games that have ended stand still until they are restarted. UserError: an action that does not exist or is not legal;
        nothing has moved then. Where a decision is stepped in parts, `deciding` names the seats whose actions are new: a
        mask binds who decides, and what is held goes on.
        """
        actions = self._checked(np.asarray(actions), range(self.seats) if deciding is None else deciding)
        if self._field_actions is not None:
            actions = self._field_actions[np.arange(self.seats), actions]
        advance = self._program.driver("advance")
        ticks = ticks or self.game.spec.decision_ticks

        def run(lo: int, hi: int) -> None:
            part = slice(lo, hi)
            advance(
                self.states[part], self.running[part], actions[part], ticks, self.max_ticks, self.rewards[part], self.returns[part],
                self.terminated[part], self.truncated[part], self.events[part], self.event_counts[part],
            )  # fmt: skip

        self.spread(self.num_games, run)
        self.fresh[:] = False
        self.running &= ~(self.terminated | self.truncated)

    def _checked(self, actions: NDArray[Any], deciding: Iterable[int]) -> NDArray[np.int32]:
        if actions.shape != (self.num_games, self.seats) or actions.dtype.kind not in "iu":
            shape = f"({self.num_games}, {self.seats})"
            raise UserError(f"actions are {shape} integers, a row for each game; got {actions.shape} {actions.dtype}.")
        actions = np.ascontiguousarray(actions, np.int32)
        wrong = actions.view(np.uint32) >= self._action_counts  # a negative number is a great one
        if wrong.any():
            row, seat = np.argwhere(wrong)[0]
            names = self.game.spec.actions_of(self.game.spec.roles[seat])
            raise UserError(
                f"{self.game.name} has {len(names)} actions ({', '.join(names)}); got {actions[row, seat]}."
            )
        if self.game.legal is not None:
            self._check_masks(actions, deciding)
        return actions

    def _check_masks(self, actions: NDArray[np.int32], deciding: Iterable[int]) -> None:
        first_illegal = self._program.driver("first_illegal")
        for seat in deciding:
            count = self._action_counts[seat]
            row = first_illegal(self.states, self.running, actions, int(count), seat, np.zeros(count, np.uint8))
            if row >= 0:
                action = self.game.spec.actions_of(self.game.spec.roles[seat])[actions[row, seat]]
                raise UserError(
                    f"{self.game.name}: {action!r} is not legal for seat {seat} of game {row} now; choose by the mask."
                )

    # --- perception -----------------------------------------------------------------------------------------------------

    def masks(self, games: Rows, seats: Rows) -> NDArray[np.uint8]:
        """(rows, actions) uint8: 1 where an action of this row is legal."""
        out = np.ones((len(games), self._action_counts[seats[0]]), np.uint8)
        if self.game.legal is not None:
            self._program.driver("masks")(self.states, games, seats, out)
        return out

    def see_features(self, games: Rows, seats: Rows, out: NDArray[Any]) -> None:
        """Fills out (rows, features) float32 with what each row's seat perceives in numbers."""
        driver = self._program.driver("features")
        self.spread(len(games), lambda lo, hi: driver(self.states, games[lo:hi], seats[lo:hi], out[lo:hi]))

    def see_layers(self, games: Rows, seats: Rows, layer_of: Rows, level_of: Rows, out: NDArray[Any]) -> None:
        """Paints what each row's seat perceives over out (rows, layers, h, w) uint8, C-contiguous, whose layers come empty (zero)."""
        draw, paint = self._program.driver("draw"), shared_driver("layers", self._program.mode)
        frames = self._frames_for(len(games))
        facts = self._mirror_x, self._mirror_y, self._field, layer_of, level_of, self._bitmaps

        def run(lo: int, hi: int) -> None:
            draw(self.states, games[lo:hi], seats[lo:hi], frames[lo:hi])
            paint(frames["shapes"][lo:hi], frames["count"][lo:hi], seats[lo:hi], *facts, out[lo:hi])

        self.spread(len(games), run, PAINT_GRAIN)

    def draw(self, game: int, seat: int) -> NDArray[np.int32]:
        """The display list of one game for one seat, (shapes, 8) int32 in the order of painting, not mirrored."""
        frames, where = self._frames_for(1), (np.array([game], np.int32), np.array([seat], np.int32))
        self._program.driver("draw")(self.states, *where, frames)
        self.shapes_drawn = int(frames["count"][0])  # also those that found no place
        shapes: NDArray[np.int32] = frames["shapes"][0][: self.shapes_drawn].copy()
        return shapes

    def _frames_for(self, rows: int) -> NDArray[Any]:
        if len(self._frames) < rows:
            self._frames = np.zeros(rows, frame_dtype(self.game.spec.max_shapes))
        return self._frames[:rows]

    # --- bookkeeping ----------------------------------------------------------------------------------------------------

    def hash(self) -> str:
        """A fingerprint of all states, equal on every machine."""
        return hashlib.sha256(self.states.tobytes()).hexdigest()[:16]

    def state(self) -> State:
        """A snapshot of all games."""
        return copied(self, _KEPT)

    def set_state(self, state: State) -> None:
        """Goes on from a snapshot of an equal batch; seeds of episodes to come are in it. UserError: it does not fit."""
        restore(self, _KEPT, state)

    def spread(self, count: int, run: Callable[[int, int], None], grain: int = GRAIN) -> None:
        """Runs `run(lo, hi)` over equal shares of `count`, one for each thread, none smaller than `grain`."""
        shares = min(self._threads, max(1, count // grain))
        edges = [count * share // shares for share in range(shares + 1)]
        others = [self._pool.submit(run, *pair) for pair in pairwise(edges[1:])] if self._pool else []
        run(0, edges[1])  # our own share, while the others wake up
        for other in others:
            other.result()


def _field_action_table(game: Game, seats: int, width: int) -> NDArray[np.int32] | None:
    """(seats, actions): the rules' own action for each seat-relative one, or None where they are the same."""
    if game.spec.mirror_actions is None:
        return None
    table = np.tile(np.arange(width, dtype=np.int32), (seats, 1))
    for seat in range(seats):
        for action in range(len(game.spec.actions_of(game.spec.roles[seat]))):
            table[seat, action] = game.spec.field_action(seat, action)
    return table
