"""A player's profile: a small JSON file on their own machine that remembers how strong they are. Nothing else reads it.

    {"format": 1, "players": {"pong/paddle": {"rating": 1412, "deviation": 88, "matches": 17, "results": [[1390, 1, 2], ...]}}}

A result is [the opponent's rating, 1 or 0.5 or 0 for a win, a draw or a loss, own score minus theirs]; the last ones are kept,
and the rating follows from them. Delete the file, or a line of it, to be forgotten.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import UserError
from ..games.files import written_beside
from .adaptive import Result
from .ratings import Rating

FORMAT = 1
KEPT = 60  # results: with what a person changes from match to match, older ones tell next to nothing
LARGEST = 1_000_000  # bytes


@dataclass(frozen=True)
class Player:
    """A person in one role of a title: the last results, oldest first, and how many matches they have played."""

    results: tuple[Result, ...] = ()
    matches: int = 0

    def after(self, result: Result) -> Player:
        """With one match more."""
        return Player((*self.results, result)[-KEPT:], self.matches + 1)


def usual_path() -> Path:
    """Where programs of this system keep what they remember of a user."""
    home = Path.home()
    if sys.platform == "win32":
        base = Path(os.environ.get("APPDATA") or home / "AppData" / "Roaming")
    elif sys.platform == "darwin":
        base = home / "Library" / "Application Support"
    else:
        base = Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share")
    return base / "npckit" / "profile.json"


class Profile:
    """The players of one file, by title and role. A damaged file is put beside, `tell` says so, and all begin anew."""

    def __init__(self, path: Path, tell: Callable[[str], None] = print) -> None:
        self.path = path
        try:
            _read(path)
        except UserError as error:
            kept = _free(path)
            path.replace(kept)
            tell(f"{error}; it is kept as {kept}, and you begin anew.")

    def player(self, title: str, role: str) -> Player:
        """Somebody who has not played yet where nothing is known."""
        return _player(_read(self.path).get(f"{title}/{role}", {}))

    def remember(self, title: str, role: str, player: Player, rating: Rating) -> None:
        """Writes one player anew and leaves the others as they are. Raises UserError where the file cannot be written."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(f"cannot make {self.path.parent}: {error.strerror}; name another --profile.") from None
        players = _read(self.path)
        players[f"{title}/{role}"] = {
            "rating": round(rating.points),
            "deviation": round(rating.deviation),
            "matches": player.matches,
            "results": [[round(each.opponent, 1), each.points, each.margin] for each in player.results],
        }
        with written_beside(self.path) as draft:
            draft.write_text(_text(players), encoding="utf-8")


def _text(players: dict[str, Any]) -> str:
    """JSON with a line for each player."""
    lines = [f"{json.dumps(name)}: {json.dumps(player)}" for name, player in sorted(players.items())]
    return f'{{"format": {FORMAT}, "players": {{\n' + ",\n".join(lines) + "\n}}\n"


def _read(path: Path) -> dict[str, Any]:
    """The players as JSON, each checked; nobody where there is no file. Raises UserError for a damaged one."""
    if not path.exists():
        return {}
    try:
        if path.stat().st_size > LARGEST:
            raise ValueError
        told = json.loads(path.read_text(encoding="utf-8"))
        if told["format"] != FORMAT:
            raise ValueError
        players = dict(told["players"])
        for player in players.values():
            _player(player)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise UserError(f"{path} is no profile that this version can read") from None
    return players


def _player(raw: Any) -> Player:
    """Raises ValueError or its like where anything is odd; UserError is one of them."""
    results = [Result(*map(_number, each)) for each in raw.get("results", [])]
    matches = raw.get("matches", len(results))
    if type(matches) is not int or matches < len(results):
        raise ValueError
    return Player(tuple(results[-KEPT:]), matches)


def _number(raw: Any) -> float:
    if type(raw) not in (int, float) or abs(raw) > 1e9:
        raise ValueError
    return float(raw)


def _free(path: Path) -> Path:
    """profile.json.damaged, or the first of -2, -3 and so on that does not exist."""
    names = (path.with_name(f"{path.name}.damaged{end}") for end in ("", *(f"-{n}" for n in range(2, 10_000))))
    return next(each for each in names if not each.exists())
