"""A match with somebody looking on: plays it tick by tick, keeps the last two pictures, the replay, and what the seats see."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ..agents.match import Match
from ..agents.seats import Agent
from ..games.contract import CELL, SPECTATOR, Game
from ..games.replay import Recorder, Replay
from .glide import between
from .person import PersonAgent
from .sight import Sight

LEAP = 1 / 8  # of the field's longer side: what moves farther in a tick has jumped


class Between(Protocol):
    """Who prepares every match of a session, and hears how it ended."""

    note: str  # a few words for the winner's screen

    def begins(self, session: Session) -> None:
        """Before a match; may put other agents into its seats."""

    def ended(self, session: Session) -> None:
        """After its last tick."""


class Session:
    """One match after another with the same agents, one agent for each seat (or one agent in several seats of a role).

    `viewer` is the seat whose colours and fog the picture has, SPECTATOR by default. With a `replay` the agents are the
    replay's, and every restart plays it again. `between` may change agents from match to match.
    """

    def __init__(
        self,
        game: Game,
        agents: Sequence[Agent],
        *,
        seed: int = 0,
        viewer: int = SPECTATOR,
        replay: Replay | None = None,
        between: Between | None = None,
    ) -> None:
        self.game, self.viewer, self.recorded, self.between = game, viewer, replay, between
        self.match = Match(game, agents, seed=seed)
        self.seed, self.played = seed, -1  # matches finished or begun before this one
        self._results: dict[int, NDArray[np.float32]] = {}  # returns of every finished match, by its number
        self.sights: dict[tuple[int, str], Sight] = {}
        self.restart()

    @classmethod
    def of_replay(cls, replay: Replay, game: Game) -> Session:
        """UserError: the replay is not of this title and version, or does not come to its recorded end."""
        replay.verify(game)
        return cls(game, replay.agents(), replay=replay)

    def restart(self) -> None:
        """Begins the next match; its seed follows from the first."""
        self.played += 1
        if self.between is not None:
            self.between.begins(self)
        if self.recorded is None:
            self.match.reset(self.seed + self.played)
        else:
            self.match.batch.max_ticks = self.recorded.max_ticks
            self.match.reset_to(np.array([self.recorded.seed], np.uint64))
        self.recorder = Recorder(self.match.batch)
        self.before = self.now = self._draw()
        wanted, self.sights = list(self.sights), {}
        for seat, kind in wanted:
            self.follow(seat, kind)

    def follow(self, seat: int, kind: str = "") -> Sight:
        """What a seat sees, from now on; a stacked view is whole only when followed from the beginning."""
        if (seat, kind) not in self.sights:
            self.sights[seat, kind] = Sight(self.match, seat, kind)
            self.sights[seat, kind].look()
        return self.sights[seat, kind]

    def tick(self) -> None:
        """Plays one tick, unless the match is over."""
        if self.is_over:
            return
        for sight in self.sights.values():
            sight.look()
        self.match.advance(1)
        self.recorder.note(self.match.actions)
        self.before, self.now = self.now, self._draw()
        if not self.match.running:
            self._results[self.played] = self.match.batch.returns[0].copy()
            if self.between is not None:
                self.between.ended(self)

    @property
    def is_over(self) -> bool:
        return not self.match.running or (self.recorded is not None and self.match.tick >= self.recorded.ticks)

    @property
    def events(self) -> int:
        """What happened in the last tick, as bits."""
        return int(self.match.batch.events[0])

    @property
    def seats(self) -> int:
        return self.match.batch.seats

    def shapes(self, share: float) -> NDArray[np.float64]:
        """The display list between the last two ticks: share 1 is the newest."""
        return between(self.before, self.now, share, LEAP * max(self.game.spec.field) * CELL)

    def replay(self) -> Replay:
        """What has been played of this match, with the players' names."""
        return self.recorder.replay(self.names)

    def score(self, seat: int) -> float:
        """What the title counts for a seat: its points where the state has them, else its return."""
        state = self.match.batch.states[0]
        if "score" in (self.game.state.names or ()):
            points = np.atleast_1d(state["score"])
            if len(points) >= self.seats:
                return float(points[seat])
        return float(self.match.batch.returns[0, seat])

    def seat_name(self, seat: int) -> str:
        names = self.game.spec.seat_names
        return names[seat] if seat < len(names) else f"seat {seat}"

    @property
    def names(self) -> list[str]:
        """Of the players, in the order of seats; namesakes are told apart by their seats."""
        names = [agent.name for agent in self.match.agents]
        return [
            f"{name} ({self.seat_name(seat)})" if names.count(name) > 1 else name for seat, name in enumerate(names)
        ]

    def people(self) -> list[int]:
        """The seats that people hold for good."""
        return [seat for seat, agent in enumerate(self.match.agents) if isinstance(agent, PersonAgent)]

    def winner(self) -> int | None:
        """A seat of the side that has won the match; None when nobody has, or one plays alone."""
        returns = self.match.batch.returns[0]
        return None if self.match.running or self.seats == 1 or np.ptp(returns) == 0 else int(returns.argmax())

    def verdict(self) -> str:
        """How the match ended, in a few words."""
        if self.match.running:
            return "End of the replay"
        if self.seats == 1:
            return "Game over"
        if self.winner() is None:
            return "A draw"
        returns, people = self.match.batch.returns[0], self.people()
        best = [seat for seat in range(self.seats) if returns[seat] == returns.max()]
        if len(people) == 1:
            return "You win!" if people[0] in best else "You lose"
        return f"{' and '.join(self.names[seat] for seat in best)} win{'s' * (len(best) == 1)}"

    def tally(self) -> str:
        """The matches so far, after the second: how many each side has won, or the best score of who plays alone."""
        results = np.array([*self._results.values()])
        if len(results) < 2 or self.recorded is not None:
            return ""
        if self.seats == 1:
            return f"best so far {results.max():g}"
        wins = (results == results.max(axis=1, keepdims=True)) & (np.ptp(results, axis=1, keepdims=True) > 0)
        return f"matches won {' : '.join(map(str, wins.sum(axis=0)))}"

    def _draw(self) -> NDArray[Any]:
        return self.match.batch.draw(0, self.viewer)
