"""The fixed points of a title's ratings: its bots and chance, for every role and seat count, on one scale.

They are measured once, by a seeded round robin, and lie in `ratings.json` beside the rules (`npckit tournament TITLE
--anchors` writes it), so that a number means the same in every run. A title without such a file, or with one of other
rules, is measured where its anchors are first asked for. The hardest bot of the first role has 1500 points.

Bots that lie so far apart that one never loses say little about how far that is. So bots whose hand slips now and then play
along, as stepping stones: they are in the fit, and no anchors.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from functools import lru_cache
from itertools import combinations
from pathlib import Path
from typing import Any

from ..errors import UserError
from ..games.contract import Game
from ..games.files import written_beside
from ..games.registry import folder_of
from .pairing import Player, bot_player, can_meet, meet
from .rating_fit import ZERO
from .ratings import Rating, Ratings
from .slipping import SlippingAgent

FORMAT, SEED = 1, 0
MATCHES, ON_THE_SPOT = 400, 60  # of each pair: for the file, and where there is none
SLIPS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.65, 0.8)  # shares of its time in which the hardest bot's hand slips
Anchors = dict[str, dict[str, Rating]]  # role: level: rating


def anchors_of(game: Game, role: str = "", seats: int = 0) -> dict[str, Rating]:
    """Chance and the bots of a role (the first when empty), weakest level first; `seats` play, 0 for the most."""
    return dict(anchors(game, seats)[game.spec.role_named(role)])


def anchors(game: Game, seats: int = 0) -> Anchors:
    """The anchors of every role that so many seats have."""
    return _anchors(game, game.spec.seat_count(seats))


def label(game: Game, name: str, role: str) -> str:
    """What a member of `ratings_of` is called: its name, with the role where a title has several."""
    return name if len({*game.spec.roles}) == 1 else f"{name} ({role})"


def ratings_of(game: Game, seats: int = 0) -> Ratings:
    """Ratings that nobody but the anchors of all roles is in yet, by `label`."""
    by_role = anchors(game, seats)
    return Ratings({label(game, level, role): each for role in by_role for level, each in by_role[role].items()})


def path_of(game: Game) -> Path:
    return folder_of(game) / "ratings.json"


def write(game: Game, *, matches: int = MATCHES, seed: int = SEED) -> Path:
    """Measures a title's bots and makes its file."""
    if matches < 2:
        raise UserError(f"anchors need at least 2 matches of each pair; got {matches}.")
    facts = {"format": FORMAT, "title": game.name, "rules_version": game.spec.version, "matches": matches, "seed": seed}
    by_seats = {str(seats): measure(game, seats, matches=matches, seed=seed) for seats in game.spec.seat_counts}
    with written_beside(path_of(game)) as draft:
        draft.write_text(json.dumps({**facts, "seats": by_seats}, indent=1) + "\n")
    _anchors.cache_clear()
    return path_of(game)


def measure(game: Game, seats: int, *, matches: int, seed: int = SEED) -> dict[str, Any]:
    """Plays the round robin: {"anchors": {role: {level: {points, deviation}}}, "results": [[one, other, matches, points]]}."""
    levels, roles = list(dict.fromkeys(["random", *game.bots])), list(dict.fromkeys(game.spec.roles[:seats]))
    players = [bot_player(game, level, role) for role in roles for level in levels]
    players += [_slipping(game.hardest, share, role) for role in roles for share in SLIPS if game.bots]
    ratings = Ratings({label(game, game.hardest, roles[0]): Rating(ZERO)})
    pairs = [(a, b) for a, b in combinations(players, 2) if can_meet(game, a.role, b.role, seats)]
    for index, (one, other) in enumerate(pairs):
        points = meet(game, one, other, matches=matches, seed=seed + 1000 * index, seats=seats).points
        ratings.record(label(game, one.name, one.role), label(game, other.name, other.role), points)
    found = {role: {level: _rounded(ratings.rating(label(game, level, role))) for level in levels} for role in roles}
    return {"anchors": found, "results": ratings.state()["results"]}


def _slipping(level: str, share: float, role: str) -> Player:
    return Player(f"{level}~{share:g}", role, lambda seed: SlippingAgent(level, share, seed=seed))


def _rounded(rating: Rating) -> dict[str, float]:
    return {name: round(value, 1) for name, value in asdict(rating).items()}


@lru_cache
def _anchors(game: Game, seats: int) -> Anchors:
    told = _told(game) or {}
    found = told.get(str(seats)) or measure(game, seats, matches=ON_THE_SPOT)
    try:
        return {role: {name: Rating(**each) for name, each in by.items()} for role, by in found["anchors"].items()}
    except (KeyError, TypeError, AttributeError):
        raise _unreadable(game) from None


def _told(game: Game) -> Mapping[str, Any] | None:
    """What the title's file says of each seat count; None where there is no file, or one of other rules."""
    if not path_of(game).is_file():
        return None
    try:
        told = json.loads(path_of(game).read_text())
        fits = (told["format"], told["title"], told["rules_version"]) == (FORMAT, game.name, game.spec.version)
        return told["seats"] if fits else None
    except (ValueError, KeyError, TypeError):
        raise _unreadable(game) from None


def _unreadable(game: Game) -> UserError:
    return UserError(f"{path_of(game)} is no table of anchors; write it anew: npckit tournament TITLE --anchors.")
