"""Ratings find the strength that made the results, whatever their order, on a scale that never moves."""

from __future__ import annotations

import builtins
import json
import math
import shutil
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from npckit.agents import anchors
from npckit.agents.anchors import anchors_of, label, ratings_of
from npckit.agents.pairing import Player, bot_player, can_meet, meet
from npckit.agents.ratings import NEWCOMER, UNKNOWN, Rating, Ratings, Z, expected, update
from npckit.errors import UserError
from npckit.games import registry
from npckit.games.contract import Game

ANCHORS = {"weak": Rating(700.0, 30.0), "middle": Rating(1100.0, 20.0), "strong": Rating(1500.0)}


def _results(truth: float, matches: int, seed: int, draws: float = 0.0) -> list[tuple[str, float]]:
    """Matches of a player of this strength against every anchor; a share of them ends in a draw without regard to skill."""
    rng = np.random.default_rng(seed)
    names = [name for name in ANCHORS for _ in range(matches)]
    chances = [expected(Rating(truth), ANCHORS[name]) for name in names]
    won = (rng.random(len(names)) < chances).astype(float)
    return [(name, 0.5 if rng.random() < draws else float(point)) for name, point in zip(names, won, strict=True)]


def _rated(results: list[tuple[str, float]]) -> Rating:
    ratings = Ratings(ANCHORS)
    for name, points in results:
        ratings.record("player", name, points)
    return ratings.rating("player")


@pytest.mark.parametrize("truth", [400, 1000, 1500, 1900, 2300])
def test_the_interval_holds_the_strength_of_a_known_player(truth: float) -> None:
    rated = [_rated(_results(truth, 100, seed)) for seed in range(100)]
    held = np.mean([each.low <= truth <= each.high for each in rated])
    assert held >= 0.88
    assert abs(np.median([each.points for each in rated]) - truth) < 60


def test_intervals_shrink_with_matches() -> None:
    widths = [_rated(_results(1300, matches, 0)).deviation for matches in (10, 40, 160, 640)]
    assert all(later < 0.6 * earlier for earlier, later in pairwise(widths))


def test_the_order_of_results_makes_no_difference_not_even_in_the_last_bit() -> None:
    results = _results(1700, 50, 1, draws=0.2)
    shuffled = [results[place] for place in np.random.default_rng(2).permutation(len(results))]
    assert _rated(results) == _rated(shuffled) == _rated(results[::-1])
    one, other = Ratings(ANCHORS), Ratings(ANCHORS)
    one.record("a", "b", [1, 0.5, 1])
    one.record("b", "strong", [0, 1])
    other.record("strong", "b", [0, 1])
    other.record("b", "a", [0, 0, 0.5])
    assert one.table() == other.table()


def test_anchors_do_not_move() -> None:
    ratings = Ratings(ANCHORS)
    ratings.record("weak", "strong", np.ones(1000))
    ratings.record("player", "strong", np.ones(1000))
    assert {name: ratings.rating(name) for name in ANCHORS} == ANCHORS


def test_draws_alone_make_two_equal() -> None:
    ratings = Ratings(ANCHORS)
    ratings.record("player", "strong", np.full(500, 0.5))
    assert abs(ratings.rating("player").points - 1500) < 1


def test_who_wins_every_match_is_far_ahead_at_finite_points_the_farther_the_more_it_won() -> None:
    gaps = []
    for matches in (10, 100, 1000):
        ratings = Ratings(ANCHORS)
        ratings.record("player", "strong", np.ones(matches))
        gaps.append(ratings.rating("player").points - 1500)
    assert 400 < gaps[0] < gaps[1] < gaps[2] < 2500
    nearly = Ratings(ANCHORS)
    nearly.record("player", "strong", np.r_[np.ones(999), 0])
    assert 1000 < nearly.rating("player").points - 1500 < 1300


def test_members_are_rated_through_each_other() -> None:
    ratings = Ratings(ANCHORS)
    ratings.record("student", "strong", np.r_[np.ones(64), np.zeros(36)])
    ratings.record("master", "student", np.r_[np.ones(100), np.zeros(10)])
    assert ratings.rating("master").points == pytest.approx(2000, abs=25)
    assert ratings.rating("master").deviation > ratings.rating("student").deviation
    assert list(ratings.table())[:2] == ["master", "student"]


def test_ratings_go_on_from_a_checkpoint_of_plain_numbers() -> None:
    ratings = Ratings(ANCHORS)
    ratings.record("player", "strong", [1, 0, 0.5])
    other = Ratings({})
    other.set_state(json.loads(json.dumps(ratings.state())))
    for each in (ratings, other):
        each.record("player", "weak", np.ones(7))
    assert other.table() == ratings.table() and other.state() == ratings.state()


def test_a_member_that_changed_is_rated_by_what_it_did_since() -> None:
    ratings = Ratings(ANCHORS)
    ratings.record("learner", "strong", np.zeros(100))
    faded = Ratings(ANCHORS)
    faded.set_state(ratings.state())
    ratings.forget("learner")
    faded.forget("learner", keep=0.1)
    assert ratings.rating("learner") == UNKNOWN
    for each in (ratings, faded):
        each.record("learner", "strong", np.r_[np.ones(50), np.zeros(50)])
    assert ratings.rating("learner").points == pytest.approx(1500, abs=1)
    assert 1450 < faded.rating("learner").points < 1500


@pytest.mark.parametrize(("points", "opponent"), [(0.7, "strong"), (float("nan"), "strong"), (1.0, "player")])
def test_what_is_no_result_is_refused(points: float, opponent: str) -> None:
    with pytest.raises(UserError):
        Ratings(ANCHORS).record("player", opponent, points)


def test_a_person_is_rated_match_by_match_and_nobody_else_moves() -> None:
    rating = NEWCOMER
    for seed in range(6):
        results = [(ANCHORS[name], points) for name, points in _results(1250, 8, seed)]
        before, rating = rating, update(rating, results)
        assert rating.deviation < before.deviation and rating == update(before, results[::-1])
    assert rating.low < 1250 < rating.high
    assert update(rating, [(Rating(1500), 1.0)]).points > rating.points > update(rating, [(Rating(1500), 0.0)]).points
    assert update(rating, [(Rating(1500), 0.5)], drift=200).deviation > rating.deviation


def test_the_missing_package_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: object) -> object:
        if name.startswith("openskill"):
            raise ModuleNotFoundError(name=name)
        return real(name, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(UserError, match=r"npckit\[play\]"):
        update(NEWCOMER, [(Rating(1500), 1.0)])


def test_every_shipped_titles_anchors_are_of_todays_rules_and_in_order() -> None:
    """No level is below a weaker one by more than chance explains: of some roles the weakest two are alike."""
    for name in registry.names():
        game = registry.load(name)
        told = json.loads(anchors.path_of(game).read_text())
        assert (told["title"], told["rules_version"]) == (name, game.spec.version)
        for seats in game.spec.seat_counts:
            for role, levels in anchors.anchors(game, seats).items():
                assert list(levels) == ["random", *game.bots] and set(levels) == set(anchors_of(game, role, seats))
                for weaker, stronger in pairwise(levels.values()):
                    doubt = Z * math.hypot(weaker.deviation, stronger.deviation)
                    assert weaker.points < stronger.points + doubt, (name, role, levels)
            assert anchors_of(game, seats=seats)[game.hardest] == Rating(1500.0)


def test_a_known_player_under_another_name_is_rated_as_its_anchor(pong: Game) -> None:
    hidden = Player("stranger", "paddle", bot_player(pong, "normal", "paddle").make)
    ratings = ratings_of(pong)
    for seed, level in enumerate(anchors_of(pong)):
        points = meet(pong, hidden, bot_player(pong, level, "paddle"), matches=200, seed=seed, seats=2).points
        ratings.record("stranger", level, points)
    found, known = ratings.rating("stranger"), anchors_of(pong)["normal"]
    assert found.low - Z * known.deviation < known.points < found.high + Z * known.deviation


def test_a_title_without_a_file_is_measured_where_its_anchors_are_asked_for(lantern: Game) -> None:
    assert not anchors.path_of(lantern).exists()
    by_role = anchors.anchors(lantern)
    assert list(by_role) == ["runner", "chaser"]
    for levels in by_role.values():
        assert levels["easy"].points < levels["hard"].points
    assert by_role["runner"]["hard"] == Rating(1500.0)
    again = anchors.measure(lantern, 4, matches=anchors.ON_THE_SPOT)["anchors"]
    assert again["chaser"]["hard"]["points"] == by_role["chaser"]["hard"].points
    assert label(lantern, "hard", "chaser") in ratings_of(lantern).anchors


def test_the_file_is_read_where_it_fits_and_refused_where_it_is_broken(tmp_path: Path, lantern: Game) -> None:
    folder = tmp_path / "lantern"
    shutil.copytree(registry.folder_of(lantern), folder, ignore=shutil.ignore_patterns("__pycache__"))
    game = registry.load(folder)
    told = json.loads(anchors.write(game, matches=4).read_text())
    told["seats"]["4"]["anchors"]["chaser"]["easy"]["points"] = 123.0
    anchors.path_of(game).write_text(json.dumps(told))
    anchors._anchors.cache_clear()
    assert anchors_of(game, "chaser")["easy"].points == 123.0
    anchors.path_of(game).write_text(json.dumps({**told, "rules_version": 99}))
    anchors._anchors.cache_clear()
    assert anchors_of(game, "chaser")["easy"].points != 123.0
    anchors.path_of(game).write_text("[1, 2")
    anchors._anchors.cache_clear()
    with pytest.raises(UserError, match="--anchors"):
        anchors_of(game)
    anchors._anchors.cache_clear()


def test_only_roles_of_different_teams_meet(lantern: Game, pong: Game) -> None:
    assert can_meet(lantern, "runner", "chaser", 4) and not can_meet(lantern, "runner", "runner", 4)
    assert can_meet(pong, "paddle", "paddle", 2)
    runner = bot_player(lantern, "easy", "runner")
    with pytest.raises(UserError, match="does not play against"):
        meet(lantern, runner, runner, matches=2, seed=0, seats=4)
