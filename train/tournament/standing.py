"""Who meets whom in a tournament, and how everybody stands after it."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from ...agents.anchors import ratings_of
from ...agents.pairing import can_meet, meet
from ...agents.ratings import Rating
from ...games.contract import Game
from ..evaluation import Estimate, Z, rate_interval
from .book import Book, Tally
from .entrants import Entrant

Pair = tuple[Entrant, Entrant]


@dataclass(frozen=True)
class Line:
    """An entrant's place: how it did over all its matches. `score` is its mean score."""

    name: str
    role: str
    rating: Rating
    anchor: bool  # its rating is fixed
    matches: int
    win_rate: Estimate
    score: Estimate


@dataclass(frozen=True)
class Standing:
    """A finished tournament: its facts, a line for each entrant, best first, and what each did against each, from its own side."""

    facts: dict[str, Any]  # title, rules_version, seats, matches, seed
    alone: bool  # one seat: who scored more in the same episode has won
    lines: list[Line]
    tallies: dict[tuple[str, str], Tally]

    def win_rate(self, one: str, other: str) -> Estimate | None:
        """Of `one` against `other`; None for two who did not meet."""
        tally = self.tallies.get((one, other))
        return rate_interval(tally.points) if tally else None


def pairs_of(game: Game, entrants: Sequence[Entrant], seats: int) -> list[Pair]:
    """Everybody with everybody whose role it can play against, the two in an order of their own."""
    pairs = [sorted(pair, key=lambda each: each.key) for pair in combinations(entrants, 2)]
    return [(one, other) for one, other in pairs if can_meet(game, one.player.role, other.player.role, seats)]


def hold(game: Game, entrants: Sequence[Entrant], pairs: Iterable[Pair], book: Book) -> Standing:
    """Plays what is not in the book yet, and rates everybody. The seeds of a pair depend on nobody else, nor on the order."""
    met: dict[tuple[str, str], Tally] = {}
    ratings = ratings_of(game, book.seats)
    for one, other in pairs:
        tally = book.get(one, other) or _play(game, one, other, book)
        met[one.name, other.name], met[other.name, one.name] = tally, tally.turned()
        ratings.record(one.name, other.name, tally.points)
    lines = [
        _line(each, ratings.rating(each.name), each.name in ratings.anchors, met)
        for each in entrants
        if any(each.name == one for one, _ in met)
    ]
    facts = {"title": game.name, "rules_version": game.spec.version}
    facts |= {"seats": book.seats, "matches": book.matches, "seed": book.seed}
    ordered = sorted(lines, key=lambda line: (-line.rating.points, line.name))
    return Standing(facts, book.seats == 1, ordered, dict(sorted(met.items())))


def _play(game: Game, one: Entrant, other: Entrant, book: Book) -> Tally:
    text = f"{book.seed} {one.key} {other.key}"
    seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "little")
    meeting = meet(game, one.player, other.player, matches=book.matches, seed=seed, seats=book.seats)
    tally = Tally.of(meeting)
    book.put(one, other, tally)
    return tally


def _line(entrant: Entrant, rating: Rating, anchor: bool, met: dict[tuple[str, str], Tally]) -> Line:
    mine = [tally for (one, _), tally in met.items() if one == entrant.name]
    wins, draws, losses = (sum(getattr(tally, what) for tally in mine) for what in ("wins", "draws", "losses"))
    total = Tally(wins, draws, losses, _sums(mine, "scores"), _sums(mine, "squares"))
    rate = rate_interval(total.points)
    return Line(entrant.name, entrant.player.role, rating, anchor, total.matches, rate, _mean_score(total))


def _sums(tallies: Sequence[Tally], what: str) -> tuple[float, float]:
    return sum(getattr(tally, what)[0] for tally in tallies), sum(getattr(tally, what)[1] for tally in tallies)


def _mean_score(total: Tally) -> Estimate:
    """With the normal interval, from sums."""
    n, mean = total.matches, total.scores[0] / total.matches
    half = Z * math.sqrt(max(0.0, total.squares[0] / n - mean * mean) / (n - 1))
    return Estimate(mean, mean - half, mean + half)
