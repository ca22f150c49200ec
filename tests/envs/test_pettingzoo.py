"""Every seat an agent, behind PettingZoo's `ParallelEnv`."""

import warnings
from functools import partial

import pytest
from npckit.envs import parallel_env
from npckit.errors import UserError
from npckit.games.observation import KINDS

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # pettingzoo.test imports its own deprecated games
    from pettingzoo.test import parallel_api_test, parallel_seed_test


@pytest.mark.parametrize("kind", KINDS)
def test_pettingzoos_checkers_are_content(title, kind):
    for seats in title.spec.seat_counts:
        parallel_api_test(parallel_env(title, obs=kind, seats=seats), num_cycles=200)
        parallel_seed_test(partial(parallel_env, title, obs=kind, seats=seats), num_cycles=50)


def test_agents_are_called_by_their_seats_and_teams_share_rewards(lantern):
    env = parallel_env(lantern)
    _, infos = env.reset(seed=0)
    assert env.possible_agents == ["seat_0", "seat_1", "seat_2", "seat_3"]
    assert env.action_space("seat_0").n == 5 and env.action_space("seat_2").n == 6
    while env.agents:
        actions = {
            name: env.action_space(name).sample(infos[name]["action_mask"].astype("int8")) for name in env.agents
        }
        _, rewards, _, truncations, infos = env.step(actions)
        assert rewards["seat_0"] == rewards["seat_1"] == -rewards["seat_2"]
    assert all(truncations.values())


def test_a_missing_action_is_refused(pong):
    env = parallel_env(pong)
    env.reset(seed=0)
    with pytest.raises(UserError, match="give an action for right"):
        env.step({"left": 0})
