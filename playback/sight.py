"""What an agent sees: an onlooker that observes one seat exactly as the agent in it does."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..agents.match import Match
from ..agents.policy_agent import PolicyAgent, obs_of
from ..agents.seats import Agent
from ..errors import UserError
from ..games.observation import Observer, ObsSpec
from .person import Takeover

Parts = dict[str, NDArray[Any]]


class Sight:
    """The view of one seat of a match that has just begun; `look` before every tick keeps its frames in step with the agent's.

    `parts` maps features, pixels or planes to the stacked observation of the newest decision; `scores` (actions,) are what the
    policy made of it, -inf where not legal (None for agents that give no scores); `action` is the seat-relative action in force.
    Of an agent under handicaps this is the true view, and what the policy would make of it.
    """

    def __init__(self, match: Match, seat: int, kind: str = "") -> None:
        """`kind` shows another observation than the agent's own, unstacked."""
        self.match, self.seat = match, seat
        self.agent = _who_decides(match.agents[seat])
        self.spec = ObsSpec(kind, 1) if kind else seen_by(self.agent, match, seat)
        self._own = not kind
        rows = np.zeros(1, np.int32), np.full(1, seat, np.int32)
        self._observer = Observer(match.batch, self.spec, *rows)
        self._state: Any = None
        self._looked_at = -1
        self.parts: Parts = {}
        self.scores: NDArray[np.floating] | None = None

    @property
    def action(self) -> int:
        return int(self.match.actions[0, self.seat])

    @property
    def actions(self) -> tuple[str, ...]:
        """Names of the seat's actions, as the agent knows them."""
        spec = self.match.game.spec
        return spec.actions_of(spec.roles[self.seat])

    def look(self) -> None:
        """Call before a tick is played."""
        tick = self.match.tick
        if tick == self._looked_at or (tick % self._pace() and self.parts):
            return
        self._looked_at = tick
        seen = self._observer.observe()
        self.parts = {
            part: value[0].copy()
            for part, value in (seen if isinstance(seen, dict) else {self.spec.kind: seen}).items()
        }
        if isinstance(self.agent, PolicyAgent) and self._own:
            scores, self._state = self.agent.policy.run(seen, self._state)
            self.scores = np.where(self._observer.masks()[0] > 0, scores[0], -np.inf)

    def _pace(self) -> int:
        """Ticks between the frames of the agent's stack; a delay may let it act in between."""
        agent = self.agent
        return agent.policy.card.decision_ticks if isinstance(agent, PolicyAgent) else agent.period(self.match.game)

    def preferences(self) -> NDArray[np.float64] | None:
        """(actions,) how much the policy wants each action, summing to 1: its probabilities, or a softmax of scaled Q-values."""
        if self.scores is None or not isinstance(self.agent, PolicyAgent):
            return None
        scores = self.scores.astype(np.float64) - self.scores.max()
        if self.agent.policy.card.output == "q":
            spread = float(-scores[np.isfinite(scores)].min())
            scores = 4.0 * scores / max(spread, 1e-9)  # Q-values have no scale of their own
        weights = np.exp(scores)
        return np.asarray(weights / weights.sum())


def _who_decides(agent: Agent) -> Agent:
    return agent.agent if isinstance(agent, Takeover) else agent


def seen_by(agent: Agent, match: Match, seat: int) -> ObsSpec:
    """The observation that an agent decides from; bots, people and replays are shown the features."""
    role = match.game.spec.roles[seat]
    if isinstance(agent, PolicyAgent):
        return obs_of(agent.policy.card, match.game, role)
    return ObsSpec("features")


def sight_kind(name: str) -> str:
    """An observation kind by name; a UserError says which there are."""
    if name not in ("features", "pixels", "planes"):
        raise UserError(f"there is no view {name!r}; use features, pixels or planes.")
    return name
