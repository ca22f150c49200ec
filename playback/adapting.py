"""`npckit play --level auto`: from match to match the rival becomes as strong as the person needs it, and the profile remembers."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from ..agents.adaptive import Adaptive
from ..agents.ladder import ladder_of
from ..agents.policy_agent import PolicyAgent
from ..agents.profile import Profile, usual_path
from ..agents.seats import Agent
from ..errors import UserError
from ..games.contract import Game
from ..games.files import check_target
from .session import Session

AUTO, WIN_CHANCE = "auto", 0.5


class Adapting:
    """Sets the policies of other teams before every match of a session, and rates the person in seat `own` after it.

    `name` is what the rivals were called by, `path` the profile, the person's own when None.
    `note` says in a few words how strong both are, or why the profile could not be written. Raises UserError: nobody there
    has a ladder, or the profile cannot be written.
    """

    def __init__(
        self, game: Game, agents: Sequence[Agent], name: str, own: int, *, win_chance: float, path: Path | None
    ) -> None:
        teams = game.spec.teams
        self._rivals = {
            seat: agent
            for seat, agent in enumerate(agents)
            if isinstance(agent, PolicyAgent) and teams[seat] != teams[own]
        }
        if not self._rivals:
            raise UserError(f"{name} has no levels; leave out --level, or name a policy with --against.")
        self._title, self._role, self._own = game.name, game.spec.roles[own], own
        if path is not None:
            check_target(path)
        self.profile = Profile(path or usual_path(), lambda line: print(f"npckit: {line}", file=sys.stderr))
        self._player = self.profile.player(self._title, self._role)
        self.adaptive = Adaptive(
            ladder_of(next(iter(self._rivals.values())).policy),
            win_chance=win_chance,
            results=self._player.results,
        )
        self.note = ""

    def begins(self, session: Session) -> None:
        """The rivals of the match that is about to begin."""
        for seat, rival in self._rivals.items():
            session.match.replace(seat, rival.at_rating(self.adaptive.opponent))

    def ended(self, session: Session) -> None:
        """The match is over: the person is rated anew, and the profile written."""
        margin = float(session.match.batch.returns[0, self._own])
        points = 0.5 if margin == 0 else float(margin > 0)
        result = self.adaptive.record(points, margin)
        self._player = self._player.after(result)
        self.note = f"rival {result.opponent:.0f}   you about {self.adaptive.rating.points:.0f}"
        try:
            self.profile.remember(self._title, self._role, self._player, self.adaptive.rating)
        except UserError as error:
            self.note = str(error)

    def summary(self) -> str:
        """What is known of the person, as a sentence; empty before the first match."""
        if not self._player.matches:
            return ""
        rating, matches = self.adaptive.rating, self._player.matches
        said = f"you are rated {rating.points:.0f}, give or take {1.96 * rating.deviation:.0f}, after {matches} match"
        return f"{said}{'es' * (matches > 1)} of {self._title}; {self.profile.path} remembers it, delete it to be forgotten"


def adapting_for(
    game: Game, agents: Sequence[Agent], name: str, own: int, level: int | str | None, rating: float | None,
    win_chance: float | None, path: Path | None,
) -> Adapting | None:  # fmt: skip
    """For the level "auto"; None for any other. Raises UserError where flags do not go together."""
    if level == AUTO:
        if rating is not None:
            raise UserError("a rival adapts or plays at a rating; give --level auto or --rating, not both.")
        wish = WIN_CHANCE if win_chance is None else win_chance
        return Adapting(game, agents, name, own, win_chance=wish, path=path)
    if win_chance is not None or path is not None:
        raise UserError("--win-chance and --profile are for a rival that adapts; add --level auto.")
    return None
