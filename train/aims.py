"""What a title's rival is meant to reach: `aims.toml` in the title's folder, and how each kind of aim is measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from ..agents.match import Match, Outcome
from ..agents.seats import Agent
from ..errors import UserError
from ..games import registry
from ..games.contract import Game
from .config_file import read_table
from .evaluation import Estimate, mean_interval, play_sides, rate_interval


@dataclass(frozen=True)
class Aim:
    """At least so much of something, by a rival of a role among so many seats.

    `kind`: wins (against `against`), score, full_time (the share of episodes that only the clock ends), events (of the name
    `event` in an episode), share (of the episodes with `count` such events or more).
    """

    kind: str
    least: float
    role: str = ""
    seats: int = 0
    against: str = ""
    event: str = ""
    count: int = 0

    @property
    def told(self) -> str:
        """In words.

        >>> Aim("wins", 0.9, against="hard").told, Aim("share", 0.9, event="brick", count=69).told
        ('90% wins against hard', '90% of episodes with 69 brick or more')
        """
        return {
            "wins": f"{self.least:.0%} wins against {self.against}",
            "score": f"a mean score of {self.least:g}",
            "full_time": f"{self.least:.0%} of episodes to the time limit",
            "events": f"{self.least:g} {self.event} an episode",
            "share": f"{self.least:.0%} of episodes with {self.count} {self.event} or more",
        }[self.kind]

    @property
    def is_share(self) -> bool:
        """Whether it is measured in parts of a whole."""
        return self.kind in ("wins", "full_time", "share")


def aims_of(game: Game, role: str, seats: int) -> list[Aim]:
    """What the title's file says of a role among so many seats; nothing where it has no such file. Raises UserError."""
    path = registry.folder_of(game) / "aims.toml"
    if not path.is_file():
        return []
    known = {field.name for field in fields(Aim)}
    aims = []
    for table in read_table(path).get("aim", []):
        if not isinstance(table, dict) or not table.keys() <= known or table.get("kind") not in KINDS:
            raise UserError(
                f"{path}: an aim has a kind ({', '.join(KINDS)}) and no other settings than {', '.join(sorted(known))}."
            )
        aims.append(Aim(**table))
    return [aim for aim in aims if aim.role in ("", role) and aim.seats in (0, seats)]


def reached(aim: Aim, game: Game, agent: Agent, *, role: str, seats: int, matches: int, seed: int) -> Estimate:
    """How far an agent comes, in seeded matches or episodes."""
    if aim.kind == "wins":
        points, _ = play_sides(game, agent, aim.against, matches=matches, seed=seed, role=role, seats=seats)
        return rate_interval(points)
    return ALONE[aim.kind](aim, game, Match(game, [agent] * seats, num_games=matches, seed=seed).play())


def _score(aim: Aim, game: Game, outcome: Outcome) -> Estimate:
    return mean_interval(outcome.scores[:, 0])


def _full_time(aim: Aim, game: Game, outcome: Outcome) -> Estimate:
    return rate_interval(outcome.ticks >= game.spec.max_ticks)


def _counts(aim: Aim, game: Game, outcome: Outcome) -> np.ndarray[Any, Any]:
    return outcome.event_counts[:, game.spec.events.index(aim.event)]


def _events(aim: Aim, game: Game, outcome: Outcome) -> Estimate:
    return mean_interval(_counts(aim, game, outcome))


def _share(aim: Aim, game: Game, outcome: Outcome) -> Estimate:
    return rate_interval(_counts(aim, game, outcome) >= aim.count)


ALONE: Mapping[str, Callable[[Aim, Game, Outcome], Estimate]] = {
    "score": _score,
    "full_time": _full_time,
    "events": _events,
    "share": _share,
}
KINDS = ("wins", *ALONE)
