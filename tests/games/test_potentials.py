"""Potentials, which training may shape rewards by: one finite number for each row, whatever happens, and it moves."""

import numpy as np
import pytest
from npckit.agents.seats import BotAgent
from npckit.envs.arena import Arena
from npckit.envs.shaping import features_of
from npckit.games import registry
from npckit.games.observation import ObsSpec

SHAPED = [(name, role) for name in registry.names() for role in registry.load(name).potentials]


@pytest.mark.parametrize(("name", "role"), SHAPED)
def test_a_potential_is_one_finite_number_for_each_row_and_moves(name, role):
    game = registry.load(name)
    arena = Arena(
        game, 12, obs=ObsSpec("features"), opponent=game.hardest, seat=role, teacher=BotAgent(next(iter(game.bots)))
    )
    assert arena.teacher
    arena.reset(3)
    seen = []
    for _ in range(300):
        arena.step(arena.teacher.show().argmax(1))
        own = features_of(arena.batch, arena.games, arena.seats)
        seen.append(game.potentials[role](np.concatenate([own, arena.others.features()], 1)))
    values = np.array(seen)
    assert values.shape == (300, 12) and np.isfinite(values).all()
    assert (np.abs(np.diff(values, axis=0)) > 0).any()


def test_shaping_adds_the_weighed_change_of_a_potential(pong):
    plain = Arena(pong, 8, obs=ObsSpec("features"))
    shaped = Arena(pong, 8, obs=ObsSpec("features"), potential=lambda seen: seen[:, 4])
    shaped.shaper.weight = 3.0
    for arena in (plain, shaped):
        arena.reset(1)
    before = features_of(plain.batch, plain.games, plain.seats)[:, 4]
    for _ in range(50):
        for arena in (plain, shaped):
            arena.step(np.zeros(8, int))
        now = features_of(plain.batch, plain.games, plain.seats)[:, 4]
        going = ~(plain.terminated | plain.truncated)
        assert np.allclose((shaped.rewards - plain.rewards)[going], 3 * (0.99 * now - before)[going], atol=1e-6)
        before = now
