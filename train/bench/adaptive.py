"""`npckit bench adaptive`: does an opponent that adapts win as often against everybody as is wished?

Simulated people of every strength, some of whom learn, begin as newcomers and play match after match, all at once; every match
is real. Their true chance to win is told by curves that were fitted to other real matches.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from ...agents.adaptive import Adaptive, Result
from ...agents.ladder import Ladder
from ...agents.policy_file import PolicyFile
from ...agents.ratings import NEWCOMER, Rating, update
from ...errors import UserError
from ...games import registry
from ...games.files import check_target
from ..presets import find_preset
from .adaptive_curves import Curves
from .adaptive_people import Arena, Floats, Person, Who, crowd
from .measure import Row, machine, write_results

SOON, FIRST_COUNTED = 10, 10  # matches after which a person is looked at, and after which wins are counted
NEAR, NEARER = 0.20, 0.12  # of the wish: a true chance after SOON matches, and after all
DRIFT = 15.0  # points, of openskill's update
Play = Callable[[Sequence[Who], Sequence[float]], tuple[Floats, Floats]]
Chance = Callable[[Who, float], float]


def adaptive(
    *,
    title: str = "",
    policy: str = "",
    people: int = 500,
    matches: int = 30,
    win_chance: float = 0.5,
    rater: Literal["belief", "openskill"] = "belief",
    curve_matches: int = 120,
    seed: int = 0,
    out: Path = Path("bench-adaptive.json"),
) -> None:
    """Measure how near an adaptive opponent comes to a wished win chance, print a table and write JSON.

    Args:
        title: a title for two; the one of npckit demo when empty
        policy: a policy file with a ladder; the title's shipped rival when empty
        people: how many newcomers
        matches: that each of them plays
        win_chance: that is wished for them
        rater: belief, which play uses, or openskill's update from results alone, for comparison
        curve_matches: of each kind of people, at each severity, against each of nine ratings, for the true chances
        seed: of everything
        out: where the JSON goes
    """
    if not (1 <= people <= 100_000 and SOON < matches <= 1000 and 2 <= curve_matches <= 100_000):
        raise UserError(f"--people is 1 or more, --matches more than {SOON}, --curve-matches 2 or more.")
    check_target(out)
    game = registry.load(title or find_preset("demo").game)
    arena = Arena(game, PolicyFile.load(policy or game.name), seed)
    newcomer = partial(RATERS[rater], arena.ladder, win_chance=win_chance)
    newcomer()  # a wish that cannot be is refused before any match
    print(f"measuring what people are worth, then {people * matches:,} matches", flush=True)
    arena.find_worst()
    curves = Curves(arena, curve_matches)
    everybody = crowd(people, ["random", *game.bots], np.random.default_rng(seed))
    course = follow(everybody, matches, arena.play, curves.chance, newcomer)
    rows = [figures(course, who, win_chance, name) for name, who in groups(everybody).items()]
    facts = {**machine(), "title": game.name, "policy": str(arena.policy.path), "people": people, "matches": matches}
    facts |= {"win_chance": win_chance, "rater": rater, "seed": seed, "curve_matches": curves.matches}
    print_table(rows, facts)
    write_results(out, {**facts, "rows": rows})


class WithoutMargins(Adaptive):
    """The same steering, but the person is rated by openskill's update, from results alone."""

    def __init__(self, ladder: Ladder, *, win_chance: float = 0.5) -> None:
        super().__init__(ladder, win_chance=win_chance)
        self._rated = Rating((self._low + self._high) / 2, NEWCOMER.deviation)

    @property
    def rating(self) -> Rating:
        return self._rated

    def _take(self, result: Result) -> None:
        super()._take(result)
        self._rated = update(self._rated, [(Rating(result.opponent), result.points)], drift=DRIFT)


RATERS: dict[str, type[Adaptive]] = {"belief": Adaptive, "openskill": WithoutMargins}


@dataclass(frozen=True)
class Course:
    """How it went. points (matches, people); soon, last (people,): true chances after SOON matches, and after all;
    reach (people, 2): before and after all, whether the ladder reaches far enough for the wish.
    """

    points: Floats
    soon: Floats
    last: Floats
    reach: NDArray[np.bool_]


def follow(
    people: Sequence[Person], matches: int, play: Play, chance: Chance, newcomer: Callable[[], Adaptive]
) -> Course:
    """Everybody plays their n-th match at once, against whom their own adaptive opponent has become."""
    rivals = [newcomer() for _ in people]
    points, soon = np.zeros((matches, len(people))), np.zeros(len(people))
    for n in range(matches):
        now = [person.after(n) for person in people]
        opponents = [rival.opponent for rival in rivals]
        if n == SOON:
            soon = np.array([chance(*each) for each in zip(now, opponents, strict=True)])
        points[n], margins = play(now, opponents)
        for rival, won, margin in zip(rivals, points[n], margins, strict=True):
            rival.record(float(won), float(margin))
    then = [person.after(matches) for person in people]
    last = np.array([chance(who, rival.opponent) for who, rival in zip(then, rivals, strict=True)])
    reach = [[_reaches(rivals[0], person.after(n), chance) for n in (0, matches)] for person in people]
    return Course(points, soon, last, np.array(reach))


def _reaches(rival: Adaptive, who: Who, chance: Chance) -> bool:
    ladder = rival.ladder.points
    return chance(who, ladder[-1]) <= rival.win_chance <= chance(who, ladder[0])


def groups(people: Sequence[Person]) -> dict[str, NDArray[np.bool_]]:
    """Names of lines, and who is in them."""
    kinds = {
        kind: np.array([person.kind == kind for person in people]) for kind in dict.fromkeys(p.kind for p in people)
    }
    learns = np.array([person.gain > 0 for person in people])
    return {"everybody": np.ones(len(people), bool), "who learns": learns, "who does not": ~learns, **kinds}


def figures(course: Course, who: NDArray[np.bool_], wish: float, name: str) -> Row:
    """One line. Whom the ladder does not reach is counted, and left out of all figures but `win_rate_of_all`."""
    reached = who & course.reach.all(axis=1)
    row: Row = {"who": name, "people": int(who.sum()), "within_the_ladder": int(reached.sum())}
    row["win_rate_of_all"] = float(course.points[FIRST_COUNTED:, who].mean()) if who.any() else None
    if not reached.any():
        return row
    wins = course.points[FIRST_COUNTED:, reached]
    soon, last = np.abs(course.soon[reached] - wish), np.abs(course.last[reached] - wish)
    return row | {
        "win_rate": float(wins.mean()),
        "near_soon": float((soon <= NEAR).mean()),
        "near_at_last": float((last <= NEARER).mean()),
        "median_off": float(np.median(last)),
    }


def print_table(rows: Sequence[dict[str, Any]], facts: Row) -> None:
    matches = facts["matches"]
    table = Table(
        title=f"{facts['title']}: a win chance of {facts['win_chance']:g} is wished; rated by {facts['rater']}"
    )
    for name in (
        "who", "people", "within the ladder", f"win rate, {FIRST_COUNTED + 1} to {matches}",
        f"within {NEAR:.0%} after {SOON}", f"within {NEARER:.0%} after {matches}", "median off",
    ):  # fmt: skip
        table.add_column(name, justify="left" if name == "who" else "right")
    for row in rows:
        told = [
            f"{row[key]:.1%}" if key in row else "" for key in ("win_rate", "near_soon", "near_at_last", "median_off")
        ]
        table.add_row(row["who"], str(row["people"]), str(row["within_the_ladder"]), *told)
    Console().print(table)
    Console().print(f"true chances by curves over {facts['curve_matches']:,} matches; {facts['machine']}")
