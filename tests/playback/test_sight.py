"""What an agent sees, as F1 shows it."""

import numpy as np
import pygame
import pytest
from npckit.agents.match import Match
from npckit.agents.policy_file import PolicyFile
from npckit.agents.seats import BotAgent, PolicyAgent
from npckit.games.observation import Observer, ObsSpec
from npckit.playback.palette import colours
from npckit.playback.session import Session
from npckit.playback.stage import Extras, Stage, layout


def test_a_followed_view_is_what_the_agents_observer_gives(session):
    watched = session("hard", "normal", seed=4)
    sight = watched.follow(1, "pixels")
    observer = Observer(watched.match.batch, ObsSpec("pixels", 1), np.zeros(1, np.int32), np.ones(1, np.int32))
    for _ in range(41):
        if watched.match.tick % 4 == 0:
            seen = np.array(observer.observe())[0]
        watched.tick()
        assert np.array_equal(sight.parts["pixels"], seen)


def test_following_a_seat_changes_nothing_in_the_match(session):
    plain, watched = session("hard", "normal", seed=4), session("hard", "normal", seed=4)
    for seat in (0, 1):
        for kind in ("", "planes", "pixels"):
            watched.follow(seat, kind)
    for each in (plain, watched):
        while not each.is_over:
            each.tick()
    assert plain.match.batch.hash() == watched.match.batch.hash()


def policy_session(pong, path, seed=0):
    return Session(pong, [PolicyAgent(PolicyFile.load(path)), BotAgent("easy")], seed=seed)


def test_a_policys_preferences_are_its_probabilities(pong, policy):
    watched = policy_session(pong, policy())
    sight = watched.follow(0)
    watched.tick()
    assert np.allclose(sight.preferences(), np.exp([0, 1, 0]) / np.exp([0, 1, 0]).sum())
    assert sight.actions[sight.action] == "up"


def test_a_recurrent_policy_is_followed_with_a_memory_of_its_own(pong, policy):
    watched = policy_session(pong, policy(recurrent=True))
    sight = watched.follow(0)
    for _ in range(9):
        watched.tick()  # the third decision has just been made
    assert np.allclose(sight.scores, [0, 3, 0])
    watched.restart()
    assert np.allclose(watched.follow(0).scores, [0, 1, 0])


def test_a_recurrent_policy_remembers_in_its_seat(pong, policy, monkeypatch):
    agent = PolicyAgent(PolicyFile.load(policy(recurrent=True)))
    seen = []
    run = agent.policy.run

    def watched(obs, state=None):
        seen.append(run(obs, state))
        return seen[-1]

    monkeypatch.setattr(agent.policy, "run", watched)
    match = Match(pong, [agent, BotAgent("easy")])
    for _ in range(3):
        match.advance()
    assert [float(scores[0, 1]) for scores, _ in seen] == [1, 2, 3]


def test_q_values_of_any_scale_become_shares(pong, policy):
    watched = policy_session(pong, policy(output="q"))
    sight = watched.follow(0)
    watched.tick()
    shares = sight.preferences()
    assert np.isclose(shares.sum(), 1)
    assert shares.argmax() == 1


@pytest.mark.parametrize("size", [(160, 120), (960, 780), (480, 900), (1920, 300)])
@pytest.mark.parametrize("kind", ["features", "planes", "pixels"])
def test_every_view_of_every_title_is_drawn_at_any_size(title, kind, size):
    level = next(iter(title.bots))
    watched = Session(
        title,
        [BotAgent(level)] * 1 if title.spec.max_seats == 1 else [BotAgent(level) for _ in range(title.spec.max_seats)],
    )
    sight = watched.follow(0, kind)
    watched.tick()
    with_view, without = pygame.Surface(size, 0, 32), pygame.Surface(size, 0, 32)
    stage = Stage(watched, colours())
    stage.draw(with_view, 1.0, Extras(sight=sight, help="Esc quit", status="2x"))
    stage.draw(without)
    assert pygame.image.tobytes(with_view, "RGB") != pygame.image.tobytes(without, "RGB")


def test_the_panel_shows_another_picture_for_another_observation(session):
    watched = session("hard", "normal", seed=4)
    sight, pictures = watched.follow(1, "planes"), set()
    for _ in range(3):
        for _ in range(4):
            watched.tick()
        surface = pygame.Surface((1200, 700), 0, 32)
        Stage(watched, colours()).draw(surface, 1.0, Extras(sight=sight))
        panel = layout(surface.get_size(), Extras(sight=sight))[2]
        assert panel is not None
        pictures.add(pygame.image.tobytes(surface.subsurface(panel), "RGB"))
    assert len(pictures) == 3
