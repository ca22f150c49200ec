"""Handicaps hold over time, weaken, keep to the masks, and are the same for a crowd and for one character."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from npckit.agents.card import Observation, Part
from npckit.agents.hampered import Hampered
from npckit.agents.handicap import NO_HANDICAP, Handicap
from npckit.agents.match import Match
from npckit.agents.npc import Npc
from npckit.agents.policy_agent import PolicyAgent
from npckit.agents.policy_file import PolicyFile
from npckit.agents.seats import BotAgent, RandomAgent
from npckit.envs.arena import Arena
from npckit.errors import UserError
from npckit.games.observation import Observer, ObsSpec

ALL = Handicap(delay=6.5, aim_error=0.05, decision_every=2, inattention=0.2, temperature=1.0)
FRESH, LATER = np.ones(1, bool), np.zeros(1, bool)


@pytest.fixture
def rival() -> PolicyFile:
    return PolicyFile.load("pong")


@pytest.fixture
def policy_for(make_policy: Any) -> Any:
    """A policy with weights by chance that fits the features of a title's first role."""

    def make(game: Any, seed: int = 0) -> PolicyFile:
        spec = game.spec
        role = spec.roles[0]
        size = len(spec.features_of(role)), len(spec.actions_of(role))
        facts = {"game": spec.name, "rules_version": spec.version, "role": role, "actions": spec.actions_of(role)}
        facts |= {"decision_ticks": spec.decision_ticks, "tick_rate": spec.tick_rate}
        return PolicyFile.load(make_policy(np.random.default_rng(seed).normal(size=size), **facts))

    return make


def _errors(card: Any, handicap: Handicap, decisions: int, rows: int = 1, seed: int = 0) -> np.ndarray:
    """(decisions, rows, features) what is believed to be seen where every feature is 0."""
    characters, nothing = Hampered(card, handicap, rows, seed=seed), np.zeros((rows, 3), np.float32)
    seen = []
    for decision in range(decisions):
        seen.append(characters.see({"obs": nothing}, np.full(rows, decision == 0))["obs"].copy())
        characters.decide(nothing, decision * card.decision_ticks)
    return np.array(seen)


def test_a_handicap_comes_back_from_json() -> None:
    assert Handicap.from_json(ALL.to_json()) == ALL and NO_HANDICAP.to_json() == {}


@pytest.mark.parametrize(
    "odd",
    [
        {"delay": -1},
        {"delay": 1e9},
        {"aim_error": float("nan")},
        {"aim_error": True},
        {"decision_every": 1.5},
        {"decision_every": 0},
        {"inattention": 1.0},
        {"temperature": "hot"},
        {"temperature": float("inf")},
        {"speed": 3},
        [],
    ],
)
def test_odd_handicaps_are_refused(odd: Any) -> None:
    with pytest.raises(UserError, match="handicap"):
        Handicap.from_json(odd)


def test_an_error_of_aim_is_held_for_about_half_a_second(make_card: Any) -> None:
    seen = _errors(make_card(), Handicap(aim_error=0.2), 3000)[:, 0]  # 15 decisions a second
    draws = np.flatnonzero(np.any(np.diff(seen, axis=0) != 0, axis=1)) + 1
    whiles = np.diff(draws)
    assert whiles.min() >= 3 and whiles.max() <= 12 and 6.5 < whiles.mean() < 8.5
    assert np.corrcoef(seen[:-1, 0], seen[1:, 0])[0, 1] > 0.8  # noise that is drawn in every decision has 0
    assert 0.17 < seen.std() < 0.23 and abs(seen.mean()) < 0.03


def test_whims_are_held_too(make_card: Any) -> None:
    character, scores = Hampered(make_card(), Handicap(temperature=1.0), 1), np.zeros((1, 3), np.float32)
    chosen = []
    for decision in range(1500):
        character.see({"obs": scores}, FRESH if decision == 0 else LATER)
        character.decide(scores, decision * 4)
        chosen.append(int(character.act(decision * 4)[0]))
    assert 0.85 < np.mean(np.array(chosen[:-1]) == np.array(chosen[1:])) < 0.96  # 1/3 without holding
    assert (np.bincount(chosen) > 300).all()


def test_errors_follow_from_the_seed_and_not_from_who_else_is_there(make_card: Any) -> None:
    one, crowd, other = (_errors(make_card(), ALL, 40, rows, seed) for rows, seed in ((1, 3), (5, 3), (1, 4)))
    np.testing.assert_array_equal(one[:, 0], crowd[:, 0])
    assert (one != other).any() and (crowd[:, 0] != crowd[:, 1]).any()


def test_inattention_takes_its_share_in_stretches(make_card: Any) -> None:
    characters, away = Hampered(make_card(), Handicap(inattention=0.3), 200), []
    for decision in range(400):
        now = np.full((200, 3), decision, np.float32)
        away.append(characters.see({"obs": now}, np.full(200, decision == 0))["obs"][:, 0] < decision)
        characters.decide(now, decision * 4)
    shares = np.array(away)
    assert not shares[0].any() and 0.26 < shares[50:].mean() < 0.34
    stretches = shares[50:].sum() / (np.diff(shares[50:].astype(int), axis=0) > 0).sum()
    assert 6.5 < stretches < 8.5  # decisions: half a second


@pytest.mark.parametrize("delay", [0, 3, 4, 10])
def test_an_action_begins_its_delay_after_the_decision(make_policy: Any, delay: int) -> None:
    npc = Npc.load(make_policy(), handicap=Handicap(delay=delay))
    frame = np.zeros(3, np.float32)
    actions = []
    for tick in range(60):
        frame[:] = np.eye(3)[1 if tick >= 20 else 0]
        actions.append(npc.tick(lambda: frame))
    assert actions == [0] * (20 + delay) + [1] * (40 - delay)


def test_a_broken_delay_is_met_on_average(make_card: Any) -> None:
    characters = Hampered(make_card(), Handicap(delay=2.25), 500)
    nothing = np.zeros((500, 3), np.float32)
    characters.see({"obs": nothing}, np.ones(500, bool))
    characters.decide(nothing, 0)
    characters.act(0)
    characters.decide(np.tile(np.eye(3, dtype=np.float32)[1], (500, 1)), 4)
    begun = [characters.act(4 + waited, bound=False).mean() for waited in range(4)]
    assert begun[:2] == [0.0, 0.0] and 0.68 < begun[2] < 0.82 and begun[3] == 1.0


def test_in_an_environment_a_delay_is_of_whole_decisions_and_right_on_average(rival: PolicyFile, pong: Any) -> None:
    agent = PolicyAgent(rival, handicap=Handicap(delay=1.0))
    assert agent.period(pong) == 1
    Arena(pong, 8, obs=ObsSpec("features"), opponent=agent).reset(0)
    assert agent.period(pong) == 4
    characters, nothing = Hampered(rival.card, Handicap(delay=1.0), 500), np.zeros((500, 3), np.float32)
    characters.grain = 4
    characters.see({"obs": np.zeros((500, 9), np.float32)}, np.ones(500, bool))
    for now in (0, 4):
        characters.decide(nothing if now == 0 else nothing + np.eye(3, dtype=np.float32)[1], now)
        begun = characters.act(now)
    assert 0.68 < begun.mean() < 0.82  # the others begin a decision later
    assert characters.act(8).all()


def test_who_decides_every_third_time_holds_in_between(make_policy: Any) -> None:
    npc = Npc.load(make_policy(), handicap=Handicap(decision_every=3))
    frames = [np.eye(3, dtype=np.float32)[at % 3] for at in (0, 1, 2, 1, 2, 0, 2)]
    assert [npc.act(frame) for frame in frames] == [0, 0, 0, 1, 1, 1, 2]
    npc.reset()
    assert npc.act(frames[2]) == 2


def test_the_picture_moves_and_stays_moved(make_card: Any) -> None:
    part = Part(name="obs", frame_shape=(2, 8, 8), dtype="uint8", low=0, high=1)
    card = make_card(observation=Observation(kind="planes", parts=(part,), stack=2))
    frame = np.zeros((1, 4, 8, 8), np.uint8)
    frame[..., 4, 4] = 1
    characters = Hampered(card, Handicap(aim_error=0.4), 1, seed=1)
    first, second = (characters.see({"obs": frame}, fresh)["obs"] for fresh in (FRESH, LATER))
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(first[:, :2], first[:, 2:])  # the same in all frames of a stack
    assert first.dtype == np.uint8 and (first != frame).any() and (first.sum(axis=(2, 3)) <= 1).all()


def test_no_handicap_is_exactly_the_policy_itself(rival: PolicyFile, pong: Any) -> None:
    plain = Match(pong, [PolicyAgent(rival), BotAgent("hard")], num_games=8, seed=3).play()
    mixed = PolicyAgent(rival, handicap=[*[NO_HANDICAP] * 4, *[ALL] * 4])
    beside = Match(pong, [mixed, BotAgent("hard")], num_games=8, seed=3).play()
    for told in ("scores", "ticks", "event_counts"):
        np.testing.assert_array_equal(getattr(plain, told)[:4], getattr(beside, told)[:4])
    assert (plain.scores[4:] != beside.scores[4:]).any()


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("delay", (0, 3, 8)),
        ("aim_error", (0.0, 0.06, 0.2)),
        ("decision_every", (1, 2, 4)),
        ("inattention", (0.0, 0.15, 0.5)),
        ("temperature", (0.0, 8.0, 32.0)),
    ],
)
def test_each_handicap_weakens_the_shipped_rival(rival: PolicyFile, pong: Any, name: str, values: tuple) -> None:
    each = 40
    agent = PolicyAgent(rival, handicap=[Handicap(**{name: value}) for value in values for _ in range(each)])
    points = Match(pong, [agent, BotAgent("hard")], num_games=3 * each, seed=1).play().points(0)
    none, some, much = points.reshape(3, each).mean(axis=1)
    assert none > some + 0.1 and some > much + 0.1


def _npc_beside(game: Any, policy: PolicyFile, handicap: Handicap, ticks: int) -> None:
    """An Npc that looks over the shoulder of an agent in a match does the same in every tick, and what it may."""
    npc = Npc(policy, seed=5, handicap=handicap)
    agent = PolicyAgent(policy, seed=5, handicap=handicap)
    others = [RandomAgent(seat) for seat in range(1, game.spec.max_seats)]
    match = Match(game, [agent, *others], seed=2)
    rows = np.zeros(1, np.int32), np.zeros(1, np.int32)
    observer = Observer(match.batch, ObsSpec("features"), *rows)
    mask = np.ones(0)

    def look() -> np.ndarray:
        nonlocal mask
        mask = match.batch.masks(*rows)[0]
        return mask

    for _ in range(ticks):
        mask = np.ones(0)
        action = npc.tick(lambda: observer.observe()[0], look)
        assert not len(mask) or mask[action]
        match.advance(1)
        assert match.actions[0, 0] == action
        if not match.running:
            break


@pytest.mark.parametrize("handicap", [NO_HANDICAP, ALL, Handicap(delay=8), Handicap(aim_error=0.1)])
def test_a_character_and_an_agent_of_equal_seeds_play_alike(rival: PolicyFile, pong: Any, handicap: Handicap) -> None:
    _npc_beside(pong, rival, handicap, 600)


def test_handicaps_keep_to_the_mask(title: Any, policy_for: Any) -> None:
    policy, roles = policy_for(title), title.spec.roles
    _npc_beside(title, policy, ALL, 400)
    usual = title.spec.decision_ticks
    for handicap in (ALL, Handicap(delay=2 * usual, temperature=5.0), Handicap(decision_every=5)):
        agents = [
            PolicyAgent(policy, seed=seat, handicap=handicap) if role == roles[0] else RandomAgent(seat)
            for seat, role in enumerate(roles)
        ]
        match = Match(title, agents, num_games=20, seed=1)
        for _ in range(100):  # a match refuses what is not legal of those whom the mask binds
            match.advance()


def test_an_agent_goes_on_from_a_snapshot(rival: PolicyFile, pong: Any) -> None:
    def start() -> Match:
        return Match(pong, [PolicyAgent(rival, handicap=ALL), BotAgent("hard")], num_games=4, seed=3)

    match, again = start(), start()
    match.advance(200)
    saved, tick, actions = match.batch.state(), match.tick, match.actions.copy()
    players = [agent.state() for agent in match.agents]  # type: ignore[attr-defined]
    for _ in range(100):
        match.advance()
    again.advance(40)
    again.batch.set_state(saved)
    again.tick, again.actions[:] = tick, actions
    for agent, state in zip(again.agents, players, strict=True):
        agent.set_state(state)  # type: ignore[attr-defined]
    for _ in range(100):
        again.advance()
    assert match.batch.hash() == again.batch.hash()


def test_handicaps_may_change_while_a_match_is_under_way(rival: PolicyFile, pong: Any) -> None:
    agent = PolicyAgent(rival)
    match = Match(pong, [agent, BotAgent("hard")], num_games=6, seed=3)
    match.advance()
    agent.set_handicaps([Handicap(delay=20), *[NO_HANDICAP] * 2])  # each for two games
    points = match.play().points(0)
    assert points[:2].mean() < 0.5 < points[2:].mean()
    with pytest.raises(UserError, match="shared out"):
        agent.set_handicaps([NO_HANDICAP, ALL, ALL, ALL])
