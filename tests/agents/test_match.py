"""Matches: who may sit where."""

import pytest
from npckit.agents.match import Match
from npckit.agents.seats import BotAgent
from npckit.errors import UserError


def test_one_agent_plays_one_role(lantern):
    """An agent looks at all its seats in the same way, so seats of different roles need one each."""
    with pytest.raises(UserError, match="one agent plays one role; easy sits as chaser and runner"):
        Match(lantern, [BotAgent("easy")] * 4)
    runners, chasers = BotAgent("easy"), BotAgent("hard")
    assert Match(lantern, [runners, runners, chasers, chasers], num_games=4).play().scores.shape == (4, 4)
