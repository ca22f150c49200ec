"""What tests of titles share: a bot that forgets, and proof that fog is real."""

import numpy as np
import pytest
from npckit.agents.match import Match
from npckit.agents.seats import BotAgent, agent_named
from npckit.games.batch import Batch
from npckit.games.check import rows_of
from npckit.games.observation import Observer, ObsSpec

KINDS = ("features", "planes", "pixels")


class ForgetfulAgent(BotAgent):
    """The same scripted player with its memory wiped before every decision; only its random numbers go on."""

    def decide(self, actions):
        memories = self._players._memories
        kept = memories["rng"].copy()
        memories[:] = np.zeros((), memories.dtype)
        memories["rng"] = kept
        super().decide(actions)


@pytest.fixture
def forgetful():
    return ForgetfulAgent


@pytest.fixture
def see_through_fog():
    return _see_through_fog


def _see_through_fog(game, alter, *, states=10_000, levels=("hard", "easy", "random")):
    """Asserts that `alter(states, seat, rng)`, which changes in place what a seat cannot perceive, changes nothing it observes.

    `states` is how many states are tried for every seat, out of matches of players of all levels. Returns the share of
    them that `alter` did change, so that a test can tell that it tried something.
    """
    rng, tried, changed = np.random.default_rng(0), 0, 0
    games = 250
    seats = range(game.spec.max_seats)
    matches = [Match(game, [agent_named(level, game) for _ in seats], num_games=games) for level in levels]
    while tried < states:
        for match in matches:
            for _ in range(int(rng.integers(1, 12))):
                match.advance()
                match.batch.restart(~match.batch.running)
            for seat in seats:
                changed += _unmoved(game, match.batch.states, seat, alter, rng)
            tried += games
    return changed / (tried * game.spec.max_seats)


def _unmoved(game, states, seat, alter, rng):
    """How many states were altered; fails when one of them looks different to the seat."""
    batch = Batch(game, len(states))
    batch.reset(0)
    batch.states[:] = states
    before = _perceived(batch, seat)
    alter(batch.states, seat, rng)
    for name, now in _perceived(batch, seat).items():
        assert now.tobytes() == before[name].tobytes(), f"seat {seat} sees a hidden change in its {name}"
    return int(np.sum([one.tobytes() != other.tobytes() for one, other in zip(batch.states, states, strict=True)]))


def _perceived(batch, seat):
    rows = rows_of(batch, seat)
    seen = {kind: np.asarray(Observer(batch, ObsSpec(kind, 1), *rows).observe()) for kind in KINDS}
    return {**seen, "mask": batch.masks(*rows)}
