"""The ladder of a policy: read strictly, climbed by level or by rating."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from npckit.agents.card import Card
from npckit.agents.handicap import NO_HANDICAP, Handicap
from npckit.agents.ladder import Ladder, Level, ladder_of
from npckit.agents.match import Match
from npckit.agents.npc import Npc
from npckit.agents.policy_agent import PolicyAgent
from npckit.agents.policy_file import ZOO, PolicyFile, write_card
from npckit.agents.seats import BotAgent, agent_named
from npckit.errors import UserError


def _level(level: int, points: float, handicap: Handicap = NO_HANDICAP, file: str = "") -> Level:
    return Level(level=level, file=file, handicap=handicap, rating=(points, points - 20.0, points + 20.0))


LADDER = Ladder(
    (
        _level(1, 700.0, Handicap(delay=6, aim_error=0.08)),
        _level(2, 1300.0, Handicap(delay=2, aim_error=0.02)),
        _level(3, 2000.0),
    )
)


@pytest.fixture
def rival(tmp_path: Path) -> Path:
    """The shipped rival with a ladder made by hand."""
    path = tmp_path / "rival.onnx"
    shutil.copy(ZOO / "pong.onnx", path)
    with_ratings(path, LADDER.to_json())
    return path


def with_ratings(path: Path, ratings: dict[str, Any]) -> None:
    write_card(path, dataclasses.replace(PolicyFile.load(path).card, ratings=ratings))


def test_a_ladder_comes_back_from_a_file(rival: Path) -> None:
    assert ladder_of(PolicyFile.load(rival)) == LADDER


def test_a_policy_without_a_ladder_says_how_to_get_one(make_policy: Any) -> None:
    with pytest.raises(UserError, match="has no levels yet; measure them: npckit ladder"):
        Npc.load(make_policy()).at_level(1)


@pytest.mark.parametrize("level", [0, 4, -1, 2.0])
def test_a_level_that_is_not_there_is_refused(level: Any) -> None:
    with pytest.raises(UserError, match="the levels are 1 to 3"):
        LADDER.at_level(level)


def test_between_two_levels_a_rating_has_a_handicap_between_theirs() -> None:
    between = LADDER.at_rating(850)
    assert between.level == 1 and between.rating[0] == 850
    assert between.handicap == Handicap(delay=5.0, aim_error=0.065)
    assert LADDER.at_rating(1299).level == 2
    points = np.linspace(700, 2000, 200)
    delays = [LADDER.at_rating(float(each)).handicap.delay for each in points]
    assert np.all(np.diff(delays) < 0) and np.abs(np.diff(delays)).max() < 0.1


def test_ratings_beyond_the_ends_are_met_as_nearly_as_can_be() -> None:
    assert LADDER.at_rating(-1e9).level == 1 and LADDER.at_rating(1e9) == LADDER.levels[-1]
    with pytest.raises(UserError, match="a rating is a number"):
        LADDER.at_rating(float("nan"))


def test_between_two_files_the_nearer_level_plays() -> None:
    ladder = Ladder((_level(1, 700.0, file="young.onnx"), _level(2, 1300.0)))
    assert ladder.at_rating(900) == ladder.levels[0] and ladder.at_rating(1100) == ladder.levels[1]


GOOD = LADDER.levels[1].to_json()


@pytest.mark.parametrize(
    "change",
    [
        {"file": "../other.onnx"},
        {"file": "/etc/passwd"},
        {"file": "a\\b.onnx"},
        {"file": ".hidden.onnx"},
        {"file": "snapshot.zip"},
        {"file": "é.onnx"},
        {"file": "a.onnx\n"},
        {"file": None},
        {"level": 3},
        {"level": True},
        {"level": "2"},
        {"rating": [float("nan"), 0, 1]},
        {"rating": [1300, 1400, 1500]},
        {"rating": [1300, 1200]},
        {"rating": [1e300, 1e300, 1e300]},
        {"rating": [10**400, 10**400, 10**400]},
        {"rating": [True, 0, 2]},
        {"rating": "1300"},
        {"rating": [600, 500, 700]},
        {"rating": [3000, 2900, 3100]},
        {"handicap": {"delay": 1e9}},
        {"handicap": {"__class__": 1}},
        {"handicap": None},
        {"more": 1},
    ],
    ids=str,
)
def test_a_hostile_level_is_refused_in_a_sentence(rival: Path, change: dict[str, Any]) -> None:
    levels = [LADDER.levels[0].to_json(), {**GOOD, **change}, LADDER.levels[2].to_json()]
    card, policy = PolicyFile.load(rival).card, PolicyFile.load(rival)
    told = json.loads(json.dumps({**dataclasses.asdict(card), "ratings": {"ladder": levels}}))
    policy.card = dataclasses.replace(card, ratings=told["ratings"])
    with pytest.raises(UserError, match=r"rival\.onnx: (ladder|handicap): "):
        ladder_of(policy)


@pytest.mark.parametrize("levels", [[], None, {}, "levels", [GOOD], [[]], [GOOD] * 11])
def test_a_ladder_that_is_none_is_refused(rival: Path, levels: Any) -> None:
    with_ratings(rival, {"ladder": levels})
    with pytest.raises(UserError, match="ladder: "):
        Npc.load(rival).at_level(1)


@pytest.mark.parametrize("unit", ["kilo", 3, []])
def test_an_unknown_unit_is_refused(rival: Path, unit: Any) -> None:
    with_ratings(rival, {**LADDER.to_json(), "unit": unit})
    with pytest.raises(UserError, match="the unit of ratings is points or score"):
        Npc.load(rival).at_rating(1000)


def test_a_level_may_be_a_weaker_snapshot_in_the_same_folder(rival: Path, make_policy: Any) -> None:
    young = rival.with_name("young.onnx")
    ladder = Ladder((_level(1, 700.0, Handicap(delay=3), "young.onnx"), _level(2, 1300.0)))
    with_ratings(rival, ladder.to_json())
    npc = Npc.load(rival)
    with pytest.raises(UserError, match=r"needs young\.onnx in the same folder; put it there"):
        npc.at_level(1)
    young.write_bytes(make_policy(game="snake").read_bytes())
    with pytest.raises(UserError, match="its game is snake, not pong"):
        npc.at_level(1)
    shutil.copy(ZOO / "pong.onnx", young)
    assert npc.at_level(1).policy.path == young and npc.at_level(1).handicap == Handicap(delay=3)
    assert npc.at_level(2).policy is npc.policy


def test_higher_levels_win_more(rival: Path, pong: Any) -> None:
    agent = PolicyAgent(PolicyFile.load(rival), seed=1)
    rates = [
        Match(pong, [agent.at_level(level), BotAgent("hard")], num_games=60, seed=1).play().points(0).mean()
        for level in (1, 2, 3)
    ]
    assert rates[0] < 0.1 < rates[1] < rates[2] - 0.05


def test_a_character_keeps_its_ways_at_another_level(rival: Path) -> None:
    npc = Npc.load(rival, deterministic=False, temperature=0.5, seed=4).at_rating(1300)
    assert npc.handicap == LADDER.levels[1].handicap
    frames = np.random.default_rng(0).normal(size=(50, 9)).clip(-1, 1).astype(np.float32)
    again = Npc.load(rival, deterministic=False, temperature=0.5, seed=4).at_level(2)
    assert [npc.act(frame) for frame in frames] == [again.act(frame) for frame in frames]


def test_a_level_is_named_behind_the_policy(rival: Path, pong: Any) -> None:
    agent = agent_named(f"{rival}@2", pong)
    assert isinstance(agent, PolicyAgent) and agent.name == "rival@2"
    for odd in ("", "x", "-1", "1.5"):
        with pytest.raises(UserError, match="names no level"):
            agent_named(f"{rival}@{odd}", pong)
    with pytest.raises(UserError, match="the levels are 1 to 3"):
        agent_named(f"{rival}@9", pong)


def test_a_card_with_a_ladder_keeps_its_form(rival: Path) -> None:
    card = PolicyFile.load(rival).card
    assert Card.from_json(card.to_json()) == card and card.ratings["rating"] == [2000.0, 1980.0, 2020.0]
