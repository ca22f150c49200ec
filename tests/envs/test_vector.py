"""Many games behind Gymnasium's `VectorEnv`."""

import gymnasium
import npckit.envs  # noqa: F401
import numpy as np
import pytest
from npckit.envs import GameEnv, GameVectorEnv
from npckit.errors import UserError
from npckit.games.batch import PAINT_GRAIN
from npckit.games.observation import KINDS


def _masked(env, rng):
    masks = env.arena.masks()
    return np.argmax(rng.random(masks.shape) * masks, axis=1)


@pytest.mark.parametrize("kind", KINDS)
def test_everything_stays_in_its_space(title, kind):
    env, rng = GameVectorEnv(title, 6, obs=kind), np.random.default_rng(0)
    obs, _ = env.reset(seed=1)
    for _ in range(5):
        assert env.observation_space.contains(obs)
        obs, rewards, terminated, truncated, _ = env.step(_masked(env, rng))
        assert rewards.shape == terminated.shape == truncated.shape == (6,) and rewards.dtype == np.float32


def test_make_vec_uses_the_native_environment():
    env = gymnasium.make_vec("npckit/Pong-v1", num_envs=1024)
    assert isinstance(env.unwrapped, GameVectorEnv) and env.num_envs == 1024
    assert env.metadata["autoreset_mode"] is gymnasium.vector.AutoresetMode.SAME_STEP


def test_a_row_of_many_is_a_game_of_its_own(pong):
    """Row 0 of a batch, replayed alone from its own episode seed."""
    env, alone = GameVectorEnv(pong, 5, opponent="easy"), GameVectorEnv(pong, 1, opponent="easy")
    rows, _ = env.reset(seed=9)
    alone.reset(seed=0)
    alone.arena.batch.reset_to(env.arena.batch.seeds[:1])
    rng = np.random.default_rng(2)
    for _ in range(100):
        actions = rng.integers(0, 3, 5)
        rows, *_ = env.step(actions)
        row, *_ = alone.step(actions[:1])
        np.testing.assert_array_equal(rows[0], row[0])


def test_same_step_gives_the_final_observation_and_begins_anew(pong):
    env, single = GameVectorEnv(pong, 2, max_ticks=8), GameEnv(pong, max_ticks=8)
    env.reset(seed=[11, 12])
    actions = np.array([1, 2])
    env.step(actions)
    obs, _, terminated, truncated, info = env.step(actions)
    assert truncated.all() and not terminated.any() and info["_final_obs"].all()
    assert env.arena.batch.running.all() and (info["final_info"]["length"] == 2).all()
    single.arena.reset(np.array([11], np.uint64))
    single.step(1)
    np.testing.assert_array_equal(info["final_obs"][0], single.step(1)[0])
    assert not np.array_equal(info["final_obs"][0], obs[0])


def test_next_step_begins_anew_one_step_later(pong):
    env = GameVectorEnv(pong, 2, max_ticks=8, autoreset_mode="next_step")
    first, _ = env.reset(seed=1)
    env.step(np.array([1, 1]))
    final, _, _, truncated, info = env.step(np.array([1, 1]))
    assert truncated.all() and "final_obs" not in info and info["_score"].all()
    begun, rewards, _, truncated, _ = env.step(np.array([1, 1]))
    assert not truncated.any() and not rewards.any()
    assert begun[0, 4] == first[0, 4] != final[0, 4]


def test_every_seat_learns(pong):
    env = GameVectorEnv(pong, 8, opponent="learner")
    env.reset(seed=0)
    assert env.arena.batch.num_games == 4
    total = np.zeros(8)
    for _ in range(200):
        _, rewards, *_ = env.step(np.zeros(8, int))
        total += rewards
    assert total.any() and (total.reshape(4, 2).sum(axis=1) == 0).all()


def test_shares_of_opponents_fill_all_rows(pong):
    env = GameVectorEnv(pong, 20, opponent={"learner": 0.5, "hard": 0.25, "random": 0.25}, seat="alternate")
    assert env.arena.num_rows == len(env.arena.games) == 20 and env.arena.batch.num_games == 15
    assert set(env.arena.seats.tolist()) == {0, 1}
    env.reset(seed=0)
    env.step(np.zeros(20, int))


def test_kept_observations_do_not_change_unless_copies_are_declined(pong):
    env = GameVectorEnv(pong, 2)
    kept = [env.reset(seed=0)[0]] + [env.step(np.ones(2, int))[0] for _ in range(4)]
    assert len({obs.tobytes() for obs in kept}) == 5
    lean = GameVectorEnv(pong, 2, copy=False)
    kept = [lean.reset(seed=0)[0]] + [lean.step(np.ones(2, int))[0] for _ in range(4)]
    assert len({id(obs) for obs in kept}) < 5


def test_threads_change_nothing(title):
    seen = []
    for threads in (1, 2):
        env, rng = GameVectorEnv(title, 2 * PAINT_GRAIN, obs="planes", threads=threads), np.random.default_rng(0)
        env.reset(seed=3)
        seen.append([env.step(_masked(env, rng))[0] for _ in range(10)])
    np.testing.assert_array_equal(seen[0], seen[1])


def test_roles_learn_apart(lantern):
    env = GameVectorEnv(lantern, 4, seat=3, opponent="hard")
    obs, info = env.reset(seed=0)
    assert obs.shape == (4, 5) and info["action_mask"].shape == (4, 6)
    with pytest.raises(UserError, match="several roles"):
        GameVectorEnv(lantern, 4, opponent="learner")


def test_the_seats_of_a_role_learn_together_and_the_others_are_opponents(lantern):
    env = GameVectorEnv(lantern, 6, seat="chaser", opponent={"hard": 0.5, "easy": 0.5})
    assert env.arena.games.tolist() == [0, 0, 1, 1, 2, 2]
    assert env.arena.seats.tolist() == [2, 3] * 3
    env.reset(seed=0)
    rng, rewards = np.random.default_rng(0), np.zeros(6)
    for _ in range(200):
        rewards += env.step(_masked(env, rng))[1]
    assert rewards.any() and (rewards[0::2] == rewards[1::2]).all()
    with pytest.raises(UserError, match="2 seats of a game learn: the number of environments must be a multiple of 2"):
        GameVectorEnv(lantern, 5, seat="chaser")


def test_both_seats_of_a_duel_are_sides_of_their_own(pong):
    env = GameVectorEnv(pong, 4, seat="paddle", opponent="hard")
    assert env.arena.seats.tolist() == [0, 1, 0, 1] and env.arena.games.tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"num_envs": 0}, "num_envs is at least 1"),
        ({"num_envs": 3, "opponent": "learner"}, "multiple of 2"),
        ({"num_envs": 4, "opponent": {"hard": -1.0}}, "positive numbers"),
        ({"num_envs": 4, "autoreset_mode": "never"}, "SAME_STEP or NEXT_STEP"),
    ],
)
def test_a_wrong_option_is_refused(pong, options, sentence):
    with pytest.raises(UserError, match=sentence):
        GameVectorEnv(pong, **options)


def test_wrong_actions_are_refused_and_nothing_moves(pong):
    env = GameVectorEnv(pong, 3)
    env.reset(seed=0)
    before = env.arena.batch.hash()
    for actions in (np.array([0, 1]), np.array([0.0, 1.0, 2.0]), np.array([0, 1, 3])):
        with pytest.raises(UserError):
            env.step(actions)
    assert env.arena.batch.hash() == before
