"""The results of a tournament so far. In a folder, each pair's are written as soon as it has played, so that nothing is played twice."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ... import __version__
from ...agents.pairing import Meeting
from ...errors import UserError
from ...games.contract import Game
from ...games.files import written_beside
from .entrants import Entrant

FORMAT = 1
FILE = "results.json"


@dataclass(frozen=True)
class Tally:
    """Matches of a pair, from the first's side: wins, draws, losses, and the sums of both scores and of their squares."""

    wins: int
    draws: int
    losses: int
    scores: tuple[float, float]
    squares: tuple[float, float]

    @staticmethod
    def of(meeting: Meeting) -> Tally:
        """Counts a meeting."""
        wins, draws, losses = (int((meeting.points == worth).sum()) for worth in (1.0, 0.5, 0.0))
        scores = meeting.scores.astype(float)
        sums, squares = scores.sum(axis=0), (scores**2).sum(axis=0)
        return Tally(wins, draws, losses, (float(sums[0]), float(sums[1])), (float(squares[0]), float(squares[1])))

    def turned(self) -> Tally:
        """The same from the other's side."""
        return Tally(self.losses, self.draws, self.wins, self.scores[::-1], self.squares[::-1])

    @property
    def matches(self) -> int:
        return self.wins + self.draws + self.losses

    @property
    def points(self) -> NDArray[np.float64]:
        """(n,) 1 for each win, 0.5 for each draw, 0 for each loss."""
        return np.repeat([1.0, 0.5, 0.0], [self.wins, self.draws, self.losses])


class Book:
    """Tallies by pair, under settings that must be the same when a tournament is gone on with; kept in `folder` if given."""

    def __init__(self, game: Game, folder: Path | None, *, matches: int, seed: int, seats: int) -> None:
        self.game, self.matches, self.seed, self.seats = game, matches, seed, seats
        self._settings = {
            "format": FORMAT, "npckit": __version__, "title": game.name, "rules_version": game.spec.version,
            "matches": matches, "seed": seed, "seats": seats,
        }  # fmt: skip
        self._file = folder / FILE if folder else None
        self._tallies: dict[str, Tally] = {}
        if self._file is not None:
            _make(self._file.parent)
            self._tallies = self._read(self._file) if self._file.exists() else {}
            self._write()  # what cannot be written is refused before any match

    def get(self, one: Entrant, other: Entrant) -> Tally | None:
        """What the two did against each other, if they have played."""
        return self._tallies.get(_pair(one, other))

    def put(self, one: Entrant, other: Entrant, tally: Tally) -> None:
        """Keeps what they did."""
        self._tallies[_pair(one, other)] = tally
        self._write()

    def _write(self) -> None:
        if self._file is not None:
            told = {pair: asdict(tally) for pair, tally in sorted(self._tallies.items())}
            with written_beside(self._file) as draft:
                draft.write_text(json.dumps({"settings": self._settings, "pairs": told}, indent=1) + "\n")

    def _read(self, file: Path) -> dict[str, Tally]:
        try:
            told = json.loads(file.read_text())
            settings, pairs = told["settings"], told["pairs"]
            other = [
                f"{name} {settings[name]} and not {mine}"
                for name, mine in self._settings.items()
                if settings[name] != mine
            ]
            tallies = {pair: _tally(facts) for pair, facts in pairs.items()}
        except (ValueError, KeyError, TypeError, AttributeError):
            raise UserError(f"{file} is not what a tournament wrote; choose another --out, or remove it.") from None
        if other:
            raise UserError(f"{file.parent} holds a tournament with {', '.join(other)}; choose another --out.")
        return tallies


def _pair(one: Entrant, other: Entrant) -> str:
    return f"{one.key} : {other.key}"


def _tally(facts: dict[str, Any]) -> Tally:
    pairs = {name: tuple(map(float, facts[name])) for name in ("scores", "squares")}
    counts = {name: int(facts[name]) for name in ("wins", "draws", "losses")}
    if any(len(pair) != 2 for pair in pairs.values()) or min(counts.values()) < 0:
        raise ValueError
    return Tally(**counts, **pairs)  # type: ignore[arg-type]  # pairs of two, as was checked


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"cannot make the folder {folder} ({error.strerror}); choose another --out.") from None
