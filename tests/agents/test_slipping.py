"""A bot whose hand slips is weaker the more it does, plays legally, and goes on exactly."""

from __future__ import annotations

import numpy as np
import pytest
from npckit.agents.match import Match, duel
from npckit.agents.seats import BotAgent
from npckit.agents.slipping import SlippingAgent
from npckit.games import registry
from npckit.games.contract import Game


def test_it_is_weaker_the_more_its_hand_slips(pong: Game) -> None:
    won = [
        duel(pong, SlippingAgent("hard", share, seed=1), BotAgent("hard"), num_games=60)[0].mean()
        for share in (0, 0.15, 0.6)
    ]
    assert won[0] > 0.3 > won[1] + 0.05 > won[2]


def test_the_share_is_that_of_the_time(pong: Game) -> None:
    agent, rows = SlippingAgent("hard", 0.4, seed=3), 200
    match = Match(pong, [agent, BotAgent("hard")], num_games=rows)
    slipped = []
    for _ in range(60):
        match.advance()
        slipped.append(agent._left > 0)
    assert np.mean(slipped[20:]) == pytest.approx(0.4, abs=0.12)  # of a slip, its last decision is not counted


@pytest.mark.parametrize("name", [name for name in registry.names() if registry.load(name).legal])
def test_it_plays_legally(name: str) -> None:
    game = registry.load(name)
    Match(game, [SlippingAgent("hard", 0.5)] * game.spec.max_seats, num_games=8).play()


def test_it_goes_on_exactly(pong: Game) -> None:
    def match() -> tuple[Match, SlippingAgent]:
        agent = SlippingAgent("hard", 0.5, seed=2)
        return Match(pong, [agent, BotAgent("easy")], num_games=8), agent

    (one, mine), (other, yours) = match(), match()
    for _ in range(50):
        one.advance()
    other.batch.set_state(one.batch.state())
    yours.set_state(mine.state())
    other.tick = one.tick
    other.agents[1].set_state(one.agents[1].state())  # type: ignore[attr-defined]
    other.actions[:] = one.actions
    assert np.array_equal(one.play().scores, other.play().scores)
