"""Learning from a teacher: the learner comes to do what it is shown, is asked no more once it has faded out, and plays without it."""

from __future__ import annotations

import numpy as np
import pytest
from npckit.agents.learners import PPO, RecurrentPPO
from npckit.agents.seats import Agent, BotAgent, agent_named
from npckit.envs.sb3_env import SB3VecEnv
from npckit.errors import UserError
from npckit.games import registry
from npckit.train.models import Budget, Falling
from stable_baselines3.common.env_util import make_vec_env


class Counted(BotAgent):
    """Knows how often it was asked."""

    asked = 0

    def decide(self, actions: np.ndarray) -> None:
        self.asked += 1
        super().decide(actions)


def env_of(teacher: Agent | None, rows: int = 64) -> SB3VecEnv:
    env = SB3VecEnv("pong", rows, opponent="easy", teacher=teacher)
    env.seed(1)
    return env


@pytest.mark.parametrize("teacher", ["normal", "pong"])  # a bot, which is certain, and a policy, which is not
@pytest.mark.parametrize("learner", [PPO, RecurrentPPO])
def test_it_comes_to_do_what_it_is_shown(learner: type[PPO], teacher: str) -> None:
    model = learner(
        "MlpPolicy",
        env_of(agent_named(teacher, registry.load("pong"))),
        n_steps=32,
        batch_size=512,
        learning_rate=3e-3,
        teacher_coef=5.0,
        seed=0,
    )
    seen: list[float] = []
    for _ in range(6):
        model.learn(64 * 32 * 2, reset_num_timesteps=False)
        seen.append(model.logger.name_to_value["train/teacher_loss"])
    assert seen[-1] < 0.6 * seen[0] < np.log(3), seen


def test_nobody_is_asked_once_the_weight_is_nothing() -> None:
    teacher = Counted("easy")
    weight = Falling(1.0, 0.0, Budget(0.0), 0.5)
    PPO("MlpPolicy", env_of(teacher), n_steps=16, batch_size=512, teacher_coef=weight, seed=0).learn(64 * 16 * 10)
    assert teacher.asked == 5 * 16


def test_a_weight_fades_in_its_part_of_the_run_and_stays_away() -> None:
    weight = Falling(2.0, 0.0, Budget(0.0), 0.5)
    assert [weight(left) for left in (1.0, 0.75, 0.5, 0.1, 0.0)] == [2.0, 1.0, 0.0, 0.0, 0.0]


def test_a_teacher_changes_nothing_where_it_has_no_weight() -> None:
    learnt = []
    for teacher in (None, BotAgent("hard")):
        model = PPO("MlpPolicy", env_of(teacher), n_steps=16, batch_size=512, seed=0).learn(64 * 16 * 2)
        learnt.append(model.policy.state_dict())
    assert all(np.array_equal(learnt[0][name], learnt[1][name]) for name in learnt[0])


def test_a_weight_without_a_teacher_is_refused() -> None:
    with pytest.raises(UserError, match="teacher"):
        PPO("MlpPolicy", env_of(None), n_steps=16, teacher_coef=1.0).learn(64)
    with pytest.raises(UserError, match="teacher_coef"):
        PPO("MlpPolicy", make_vec_env("CartPole-v1"), n_steps=64, teacher_coef=1.0).learn(64)
