"""Matches: who may sit where."""

import numpy as np
import pytest
from npckit.agents.match import Match
from npckit.agents.seats import BotAgent
from npckit.errors import UserError
from npckit.games import registry
from npckit.games.batch import Batch
from npckit.playback.session import Session


def test_one_agent_plays_one_role(lantern):
    """An agent looks at all its seats in the same way, so seats of different roles need one each."""
    with pytest.raises(UserError, match="one agent plays one role; easy sits as chaser and runner"):
        Match(lantern, [BotAgent("easy")] * 4)
    runners, chasers = BotAgent("easy"), BotAgent("hard")
    assert Match(lantern, [runners, runners, chasers, chasers], num_games=4).play().scores.shape == (4, 4)


def test_a_mask_binds_who_decides_and_what_is_held_goes_on():
    """A tank that fires reloads for longer than its decision lasts: its trigger is held, tick by tick, and a replay holds it too."""
    game = registry.load("tanks")
    played = Session(game, [BotAgent("hard"), BotAgent("normal")], seed=5)
    fired = 0
    while not played.is_over and fired < 6:
        played.tick()
        fired += played.events & 1
    assert fired == 6
    replay = played.replay()
    replay.verify(game)
    again = Session.of_replay(replay, game)
    while not again.is_over:
        again.tick()
    assert again.match.batch.hash() == played.match.batch.hash()


def test_a_decision_against_the_mask_is_refused():
    batch = Batch(registry.load("tanks"))
    batch.reset(0)
    fire = [[batch.game.spec.action_index("tank", "fire"), 0]]
    with pytest.raises(UserError, match="'fire' is not legal for seat 0"):
        batch.step(np.array(fire))
    batch.step(np.array(fire), deciding=[1])
