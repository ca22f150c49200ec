"""The ladder of a policy: levels from weak to full strength, each with its measured rating, in the ratings of its card.

    ratings = {"unit": "points", "rating": [points, low, high],
               "ladder": [{"level": 1, "file": "", "handicap": {"delay": 20}, "rating": [points, low, high]}, ...]}

Points are as in Elo 1978: 400 more win ten of eleven; the bot "hard" has 1500. Where one plays alone the unit is "score" and a
rating is a mean score. `low` and `high` bound its 95% interval. `file` is a weaker snapshot of the same policy, by its bare name
in the same folder, or empty for the policy itself. All of it comes from a file that may be hostile.
"""

import math
import re
import reprlib
from bisect import bisect
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from ..errors import UserError
from .card import Card
from .handicap import Handicap
from .policy_file import PolicyFile

MOST = 10  # levels
UNITS = ("points", "score")
BARE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}\.onnx", re.ASCII)
FARTHEST = 1e9  # of a rating from 0
Rating = tuple[float, float, float]  # (points, low, high)


@dataclass(frozen=True, kw_only=True)
class Level:
    """One step: which file plays under which handicap, and how well. Raises UserError where a field is odd."""

    level: int
    file: str = ""
    handicap: Handicap
    rating: Rating

    def __post_init__(self) -> None:
        _need(type(self.level) is int and 1 <= self.level <= MOST, f"a level is 1 to {MOST}, not", self.level)
        ok = isinstance(self.file, str) and (not self.file or BARE_NAME.fullmatch(self.file) is not None)
        _need(ok, "a file is the bare name of an .onnx file in the same folder, not", self.file)
        _need(isinstance(self.handicap, Handicap), "a handicap must be a Handicap, not", self.handicap)
        check_rating(self.rating)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON, as in a card."""
        told = {"level": self.level, "file": self.file, "handicap": self.handicap.to_json()}
        return {**told, "rating": list(self.rating)}

    @staticmethod
    def from_json(raw: object) -> "Level":
        """Read strictly: a missing or unknown field, or an odd value, is a UserError."""
        names = {"level", "file", "handicap", "rating"}
        _need(isinstance(raw, dict) and raw.keys() == names, f"a level has {', '.join(sorted(names))}, not", raw)
        assert isinstance(raw, dict)
        return Level(
            level=raw["level"],
            file=raw["file"],
            handicap=Handicap.from_json(raw["handicap"]),
            rating=_as_rating(raw["rating"]),
        )


@dataclass(frozen=True)
class Ladder:
    """Levels 1 to n in order, of rising ratings. Raises UserError where they are not."""

    levels: tuple[Level, ...]
    unit: str = "points"

    def __post_init__(self) -> None:
        _need(self.unit in UNITS, f"the unit of ratings is {' or '.join(UNITS)}, not", self.unit)
        _need(1 <= len(self.levels) <= MOST, f"it has 1 to {MOST} levels, not", len(self.levels))
        numbers, points = [each.level for each in self.levels], self.points
        _need(numbers == list(range(1, len(numbers) + 1)), "levels are numbered 1, 2, 3 and so on, not", numbers)
        _need(all(a < b for a, b in pairwise(points)), "ratings rise with the level, not", points)

    @property
    def points(self) -> list[float]:
        """The ratings, weakest first."""
        return [each.rating[0] for each in self.levels]

    def at_level(self, level: int) -> Level:
        """A level by its number; a UserError says which there are."""
        if not (isinstance(level, int) and 1 <= level <= len(self.levels)):
            raise UserError(f"there is no level {level}; the levels are 1 to {len(self.levels)}, weakest first.")
        return self.levels[level - 1]

    def at_rating(self, points: float) -> Level:
        """What plays nearest to a rating: between two levels of one file a handicap between theirs; the ends are the limits.

        The number of what lies between two levels is that of the nearer. Raises UserError for what is no number.
        """
        if not math.isfinite(points):
            raise UserError(f"a rating is a number; got {points}.")
        above = bisect(self.points, points)
        if above in (0, len(self.levels)):
            return self.levels[max(above - 1, 0)]
        lower, upper = self.levels[above - 1 : above + 1]
        share = (points - lower.rating[0]) / (upper.rating[0] - lower.rating[0])
        nearer = upper if share > 0.5 else lower
        if lower.file != upper.file:
            return nearer
        _, low, high = (a + (b - a) * share for a, b in zip(lower.rating, upper.rating, strict=True))
        rating = float(points), min(low, points), max(high, points)
        return replace(nearer, handicap=lower.handicap.towards(upper.handicap, share), rating=rating)

    def to_json(self) -> dict[str, Any]:
        """The ratings of a card; the policy's own rating is that of its highest level."""
        levels = [each.to_json() for each in self.levels]
        return {"unit": self.unit, "rating": list(self.levels[-1].rating), "ladder": levels}


def ladder_of(policy: PolicyFile) -> Ladder:
    """The ladder in a policy's card. Raises UserError where it has none, or an odd one."""
    if "ladder" not in policy.card.ratings:
        raise UserError(f"{policy.path} has no levels yet; measure them: npckit ladder {policy.path}")
    try:
        return read_ladder(policy.card)
    except UserError as error:
        raise UserError(f"{policy.path}: {error}") from None


def read_ladder(card: Card) -> Ladder:
    """The ladder of a card that has one, read strictly. Raises UserError."""
    levels = card.ratings["ladder"]
    _need(isinstance(levels, list) and len(levels) <= MOST, f"it must be a list of at most {MOST} levels, not", levels)
    return Ladder(tuple(Level.from_json(each) for each in levels), card.ratings.get("unit", "points"))


def policy_of(level: Level, policy: PolicyFile) -> PolicyFile:
    """The file that plays a level of a policy's ladder. Raises UserError: it is not there, or plays something else."""
    if not level.file:
        return policy
    path = policy.path.parent / level.file
    if not path.is_file():
        raise UserError(f"level {level.level} of {policy.path} needs {level.file} in the same folder; put it there.")
    other = PolicyFile.load(path)
    check_same_part(policy, other)
    return other


def check_same_part(policy: PolicyFile, other: PolicyFile) -> None:
    """Raises UserError where a snapshot does not play the same part of the same title as the policy whose level it is."""
    for name in ("game", "rules_version", "role", "actions", "decision_ticks"):
        ours, theirs = getattr(policy.card, name), getattr(other.card, name)
        if ours != theirs:
            raise UserError(
                f"{other.path} is no level of {policy.path}: its {name} is {theirs}, not {ours}; choose a snapshot of the same policy."
            )


def check_rating(rating: object) -> None:
    """Raises UserError where this is not three finite numbers, the first between the others."""
    ok = isinstance(rating, tuple) and len(rating) == 3
    ok = ok and all(type(each) in (int, float) and abs(each) <= FARTHEST for each in rating)  # type: ignore[attr-defined]
    ok = ok and rating[1] <= rating[0] <= rating[2]  # type: ignore[index]
    _need(ok, "a rating is three numbers, [points, low, high], not", rating)


def _as_rating(raw: Any) -> Rating:
    return tuple(raw) if isinstance(raw, list) else raw  # checked by Level


def _need(ok: bool, sentence: str, got: object) -> None:
    if not ok:
        raise UserError(f"ladder: {sentence} {reprlib.repr(got)}")
