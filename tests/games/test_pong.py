"""Pong's scripted players are no straw men. Their strength is measured over 1,000 matches with sides swapped."""

import numpy as np
import pytest
from npckit.agents.match import duel
from npckit.agents.seats import CallableAgent, agent_named
from npckit.games.observation import ObsSpec

BALL_Y, OWN_Y = 1, 4


def _follow_the_ball(features):
    """The frozen reference: the paddle follows the ball's height at full speed."""
    return np.where(features[:, BALL_Y] < features[:, OWN_Y], 1, 2)


@pytest.mark.parametrize(
    ("stronger", "weaker", "least"),
    [("easy", "random", 0.90), ("normal", "easy", 0.75), ("hard", "normal", 0.75), ("hard", "follower", 0.60)],
)
def test_bots_are_of_rising_strength(pong, stronger, weaker, least):
    players = {"follower": CallableAgent(_follow_the_ball, ObsSpec("features"))}
    one, other = (players.get(name) or agent_named(name, pong) for name in (stronger, weaker))
    points, _ = duel(pong, one, other, num_games=1000)
    assert points.mean() >= least
