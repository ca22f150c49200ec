"""A replay: the seed of an episode and every tick's actions. A few KB that play again at any size.

Actions are the rules' own (field directions), not the seat-relative ones that agents choose, so that a replay does not depend on
how a title mirrors its views. A replay is proved by playing it: the final states must have the same hash.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .. import __version__
from ..errors import UserError
from .batch import Batch, Rows
from .contract import Game
from .files import check_target, written_beside
from .replay_text import MAX_FILE, MAX_NAME, Damaged, joint_runs, parse, render

SUFFIX = ".replay"


@dataclass(frozen=True, kw_only=True, eq=False)
class Replay:
    """One episode that has been played, to its end or in part."""

    game: str
    rules_version: int
    seed: int  # of the episode, uint64
    max_ticks: int  # where the batch truncated
    players: tuple[str, ...]  # a name for each seat
    actions: NDArray[np.uint16]  # (ticks, seats), the rules' own
    hash: str  # Batch.hash() after the last tick
    scores: tuple[float, ...]  # the returns of the seats
    npckit: str = __version__  # the version that recorded it

    @property
    def ticks(self) -> int:
        return len(self.actions)

    @property
    def seats(self) -> int:
        return len(self.players)

    def save(self, path: str | Path) -> Path:
        """Writes the file beside its place and then moves it there. UserError: it cannot be written."""
        target = Path(path)
        check_target(target, SUFFIX)
        with written_beside(target) as draft:
            draft.write_text(self.to_json())
        return target

    @classmethod
    def load(cls, path: str | Path) -> Replay:
        """Reads a replay of any origin. UserError: it is missing, damaged, hostile or from a newer npckit."""
        try:
            with Path(path).open("rb") as file:
                text = file.read(MAX_FILE + 1)
        except OSError as error:
            raise UserError(f"cannot read the replay {path}: {error.strerror}; check the path.") from None
        try:
            return cls(**parse(text))
        except Damaged as damage:
            raise UserError(f"{path} is not a replay that npckit can play: {damage}; record it again.") from None
        except UserError as error:
            raise UserError(f"{path} {error}") from None

    def to_json(self) -> str:
        """The text of the file, which ends with a newline."""
        return render(vars(self))

    def agents(self) -> list[ReplayAgent]:
        """One agent for every seat: a match of them, begun with `start`, is the recorded one."""
        return [ReplayAgent(self, seat) for seat in range(self.seats)]

    def start(self, batch: Batch) -> None:
        """Sets a batch of one game to the beginning of this episode."""
        batch.max_ticks = self.max_ticks
        batch.reset_to(np.array([self.seed], np.uint64))

    def check(self, game: Game) -> None:
        """UserError: this title, its rules version or its actions are not those of the replay."""
        spec = game.spec
        if self.game != spec.name:
            raise UserError(
                f"this replay is of {self.game}, not of {spec.name}; give the title that it was recorded with."
            )
        if self.rules_version != spec.version:
            raise UserError(
                f"this replay follows {spec.name} rules version {self.rules_version}, and these are version {spec.version}; "
                f"watch it with npckit {self.npckit}, or record a new one."
            )
        if self.seats not in spec.seat_counts:
            raise UserError(f"this replay has {self.seats} seats, which {spec.name} does not allow; record it again.")
        counts = [len(spec.actions_of(role)) for role in spec.roles[: self.seats]]
        if self.ticks and (self.actions.max(axis=0) >= counts).any():
            raise UserError(f"this replay holds actions that {spec.name} does not have; record it again.")

    def verify(self, game: Game) -> None:
        """Plays the episode again. UserError: it does not come to the recorded hash, length and scores."""
        self.check(game)
        batch = Batch(game, seats=self.seats)
        self.start(batch)
        for ticks, actions in joint_runs(self.actions):
            batch.step(self._relative(game, actions)[None], int(ticks), deciding=())
        scores = tuple(map(float, batch.returns[0]))
        if (batch.hash(), int(batch.states["tick"][0]), scores) != (self.hash, self.ticks, self.scores):
            raise UserError(
                f"this replay of {self.game} does not come to its recorded end: it was altered; record it again."
            )

    def _relative(self, game: Game, actions: NDArray[np.uint16]) -> NDArray[np.int32]:
        return np.array([game.spec.field_action(seat, int(action)) for seat, action in enumerate(actions)], np.int32)


class ReplayAgent:
    """Plays one seat's part of a replay, whoever sits in the others; after its last tick it takes the first legal action."""

    def __init__(self, replay: Replay, seat: int) -> None:
        self.name, self._part = replay.players[seat], replay.actions[:, seat]

    def period(self, game: Game) -> int:
        return 1

    def sit(self, batch: Batch, games: Rows, seats: Rows) -> None:
        self._batch, self._games, self._seats = batch, games, seats

    def decide(self, actions: NDArray[np.int32]) -> None:
        masks = self._batch.masks(self._games, self._seats)
        for game, seat, mask in zip(self._games, self._seats, masks, strict=True):
            tick = self._batch.states["tick"][game]
            chosen = self._batch.game.spec.field_action(seat, int(self._part[tick])) if tick < len(self._part) else 0
            is_held = 0 < tick < len(self._part) and self._part[tick] == self._part[tick - 1]
            actions[game, seat] = chosen if mask[chosen] or is_held else int(mask.argmax())


class Recorder:
    """Looks on while a batch of one game is stepped, from the beginning of an episode: `note` after every step."""

    def __init__(self, batch: Batch) -> None:
        assert batch.num_games == 1, "a replay holds one game"
        self._batch, self._seed = batch, int(batch.seeds[0])
        self._ticks = int(batch.states["tick"][0])
        self._played: list[NDArray[np.uint16]] = []

    def note(self, actions: NDArray[np.int32]) -> None:
        """Remembers the seat-relative actions (1, seats) of the step just made, for as many ticks as it lasted."""
        spec, now = self._batch.game.spec, int(self._batch.states["tick"][0])
        own = np.array([spec.field_action(seat, int(action)) for seat, action in enumerate(actions[0])], np.uint16)
        self._played += [own] * (now - self._ticks)
        self._ticks = now

    def replay(self, players: Sequence[str]) -> Replay:
        """What has been played so far."""
        batch = self._batch
        played = np.array(self._played, np.uint16).reshape(-1, batch.seats)
        return Replay(
            game=batch.game.name, rules_version=batch.game.spec.version, seed=self._seed, max_ticks=batch.max_ticks,
            players=tuple(map(printable, players)), actions=played, hash=batch.hash(), scores=tuple(map(float, batch.returns[0])),
        )  # fmt: skip


def printable(name: str) -> str:
    """A player's name as a replay may hold it.

    >>> printable("tab\\there"), printable("")
    ('tab?here', '?')
    """
    return "".join(letter if letter.isprintable() else "?" for letter in name[:MAX_NAME]) or "?"
