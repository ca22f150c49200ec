"""One game behind Gymnasium's `Env`."""

import re
import warnings

import gymnasium
import npckit.envs
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.wrappers import RecordVideo
from npckit.envs import GameEnv
from npckit.envs.registration import env_id
from npckit.errors import UserError
from npckit.games import registry
from npckit.games.observation import KINDS
from stable_baselines3.common.env_checker import check_env as sb3_check_env

# SB3's advice for images, which it takes planes for: they are 0 and 1, and coarse, on purpose
IMAGE_ADVICE = re.compile("observation space .*is an image but the upper|minimal resolution for an image is 36x36")


def _parts(game):
    """Every seat count, and the first seat of every role in it: what one can learn in a title."""
    for seats in game.spec.seat_counts:
        for role in dict.fromkeys(game.spec.roles[:seats]):
            yield {"seats": seats, "seat": game.spec.roles.index(role)}


PARTS = [(env_id(game), part) for game in map(registry.load, registry.names()) for part in _parts(game)]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("identifier", "part"), PARTS, ids=lambda value: str(value).removeprefix("npckit/"))
def test_gymnasiums_checker_is_content(identifier, part, kind):
    check_env(gymnasium.make(identifier, obs=kind, render_mode="rgb_array", **part).unwrapped)


@pytest.mark.parametrize("kind", KINDS)
def test_stable_baselines_checker_is_content(title, kind):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for part in _parts(title):
            sb3_check_env(GameEnv(title, obs=kind, **part))
    other = [str(w.message) for w in caught if not IMAGE_ADVICE.search(str(w.message))]
    assert other == [] and bool(caught) == (kind in ("planes", "both"))


def test_the_plugin_form_of_an_id_works_without_an_import():
    assert gymnasium.make("npckit.envs:npckit/Pong-v1").observation_space.shape == (9,)


def _episode(env, seed, act):
    obs, _ = env.reset(seed=seed)
    total, over = 0.0, False
    while not over:
        obs, reward, terminated, truncated, info = env.step(act(env, obs))
        total, over = total + reward, terminated or truncated
    return total, info


def test_an_episode_reports_its_score_and_perf():
    total, info = _episode(
        gymnasium.make("npckit/Pong-v1", opponent="easy"), 0, lambda env, obs: env.action_space.sample()
    )
    assert info["score"] == total and 0 <= info["perf"] <= 1 and info["events"]["point"] > 0 and info["length"] > 0


def test_the_same_seed_and_actions_give_the_same_episode(title):
    env, seen = GameEnv(title, opponent="hard"), []
    for _ in range(2):
        env.reset(seed=5)
        rng = np.random.default_rng(0)
        seen.append([])
        while env.arena.batch.running[0] and len(steps := seen[-1]) < 50:
            steps.append(env.step(rng.choice(np.flatnonzero(env.action_masks())))[0])
    np.testing.assert_array_equal(seen[0], seen[1])


def test_kept_observations_do_not_change():
    env = gymnasium.make("npckit/Pong-v1")
    kept = [env.reset(seed=0)[0]] + [env.step(1)[0] for _ in range(5)]
    assert len({obs.tobytes() for obs in kept}) == 6


def test_a_function_or_a_policy_may_hold_the_other_seat(pong):
    env = GameEnv(pong, opponent=lambda obs: np.ones(len(obs), int))
    env.reset(seed=0)
    for _ in range(20):
        obs, *_ = env.step(0)
    assert obs[5] < -0.8  # the other paddle went up, and stays


def test_learning_in_the_right_seat_looks_the_same_as_in_the_left(pong):
    total, _ = _episode(GameEnv(pong, opponent="easy", seat="right"), 3, lambda env, obs: 1 if obs[1] < obs[4] else 2)
    assert total > 0


def test_the_picture_of_an_environment_is_in_colour_and_moves():
    env = gymnasium.make("npckit/Pong-v1", render_mode="rgb_array")
    env.reset(seed=0)
    before = env.render()
    for _ in range(12):
        env.step(1)
    assert before.shape == (384, 512, 3) and before.dtype == np.uint8 and (before != env.render()).any()


def test_a_window_opens_and_closes_and_leaves_pygame_running():
    pygame = pytest.importorskip("pygame")
    env = gymnasium.make("npckit/Pong-v1", render_mode="human")
    env.reset(seed=0)
    env.step(1)
    env.close()
    assert pygame.display.get_init()


def test_gymnasiums_video_recorder_works(tmp_path):
    pytest.importorskip("moviepy", reason="gymnasium's RecordVideo needs moviepy")
    env = RecordVideo(gymnasium.make("npckit/Pong-v1", render_mode="rgb_array"), str(tmp_path / "videos"))
    env.reset(seed=0)
    for _ in range(10):
        env.step(1)
    env.close()
    assert [*tmp_path.glob("videos/*.mp4")]


def test_gymnasiums_play_steps_with_the_keys_of_the_title():
    import pygame

    env, actions = gymnasium.make("npckit/Pong-v1", render_mode="rgb_array"), []

    def watch(before, after, action, *rest):
        actions.append(action)
        pygame.event.post(pygame.event.Event(pygame.QUIT if len(actions) > 5 else pygame.KEYDOWN, key=pygame.K_UP))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about matplotlib, for a plot that nobody asks for
        from gymnasium.utils.play import play

        play(env, callback=watch, fps=1000, noop=0)
    assert actions[0] == 0 and actions[2] == 1


def test_shaping_by_a_potential_changes_the_sum_by_its_ends_alone(pong):
    plain, shaped = GameEnv(pong), GameEnv(pong, potential=lambda features: features[:, 4], gamma=1.0)
    act = lambda env, obs: 1  # noqa: E731
    start = shaped.reset(seed=4)[0][4]
    assert _episode(shaped, 4, act)[0] == pytest.approx(_episode(plain, 4, act)[0] - start, abs=1e-4)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"obs": "smell"}, "there is no observation 'smell'"),
        ({"opponent": "godlike"}, "has no player 'godlike'"),
        ({"opponent": 7}, "an opponent is a bot's name"),
        ({"opponent": "missing.onnx"}, "missing.onnx"),
        ({"opponent": "learner"}, "a single Env has one learner"),
        ({"seat": "top"}, "pong has no seat 'top'; its seats are left, right"),
        ({"render_mode": "ansi"}, "there is no render mode 'ansi'"),
    ],
)
def test_a_wrong_option_is_refused_in_a_sentence(pong, options, sentence):
    with pytest.raises(UserError, match=sentence):
        GameEnv(pong, **options)


def test_stepping_past_the_end_is_refused(pong):
    env = GameEnv(pong, max_ticks=4)
    env.reset(seed=0)
    assert env.step(0)[3]
    with pytest.raises(UserError, match=r"call reset\(\)"):
        env.step(0)


def test_a_wrong_action_is_refused(pong):
    env = GameEnv(pong)
    env.reset(seed=0)
    with pytest.raises(UserError, match="got 9"):
        env.step(9)


def test_the_names_of_the_package_are_all_there():
    assert all(hasattr(npckit.envs, name) for name in ("GameEnv", "GameVectorEnv", "SB3VecEnv", "parallel_env"))
    with pytest.raises(AttributeError):
        _ = npckit.envs.nothing
