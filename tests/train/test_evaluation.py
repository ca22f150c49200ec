"""Evaluation repeats, swaps sides, and says how sure it is."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from npckit import cli
from npckit.agents.match import duel
from npckit.agents.seats import BotAgent, RandomAgent
from npckit.errors import UserError
from npckit.games.contract import Game
from npckit.train import Run, evaluate
from npckit.train.evaluation import mean_interval, measure, play_sides, rate_interval, usual_opponents


def test_equal_seeds_give_equal_figures_and_others_do_not(finished: Run) -> None:
    one, again, other = (evaluate(finished.policy, matches=20, seed=seed) for seed in (3, 3, 4))
    assert one == again and one != other


def test_the_usual_opponents_are_chance_and_every_bot(finished: Run) -> None:
    assert [each.opponent for each in evaluate(finished.path, matches=2)] == ["random", "easy", "normal", "hard"]


def test_both_sides_are_played_as_in_a_duel(pong: Game) -> None:
    points, scores = play_sides(pong, BotAgent("normal"), "hard", matches=11, seed=9)
    wanted_points, wanted_scores = duel(pong, BotAgent("normal"), BotAgent("hard"), num_games=11, seed=9)
    assert np.array_equal(points, wanted_points) and np.array_equal(scores, wanted_scores)


def test_a_stronger_bot_wins_clearly(pong: Game) -> None:
    rate = measure(pong, BotAgent("hard"), "easy", matches=100, seed=0).win_rate
    assert rate is not None and rate.low > 0.9


def test_a_title_of_four_seats_and_two_roles_is_evaluated_in_every_seat_of_a_role(lantern: Game) -> None:
    for opponent in usual_opponents(lantern):
        figures = measure(lantern, RandomAgent(1), opponent, matches=6, seed=1, role=lantern.spec.roles[-1])
        assert figures.matches == 6 and figures.score.low <= figures.score.mean <= figures.score.high


def test_the_interval_of_a_rate_covers_the_truth_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    for truth in (0.5, 0.8, 0.95):
        intervals = [rate_interval(rng.random(100) < truth) for _ in range(2000)]
        covered = np.mean([each.low <= truth <= each.high for each in intervals])
        assert 0.92 < covered <= 0.99


def test_intervals_stay_in_range_and_shrink_with_more_matches() -> None:
    assert (rate_interval([1, 1]).high, rate_interval([0, 0]).low) == (1.0, 0.0)
    few, many = (mean_interval(np.arange(size) % 5) for size in (10, 1000))
    assert many.high - many.low < few.high - few.low


def test_the_command_prints_a_table_and_writes_the_same_figures_as_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "figures.json"
    command = ["evaluate", "hard", "--game", "pong", "--against", "easy", "--matches", "20", "--json", str(target)]
    assert cli.main(command) == 0
    figures = json.loads(target.read_text())
    assert figures == [each.as_dict() for each in evaluate("hard", game="pong", against=["easy"], matches=20)]
    assert f"{figures[0]['win_rate']['mean']:.1%}" in capsys.readouterr().out
    assert cli.main(command) == 2  # nothing is overwritten
    assert "exists already" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("policy", "options", "words"),
    [
        ("nowhere.onnx", {}, "nowhere.onnx"),
        ("hard", {"game": "pong", "against": ["hero"]}, "no player 'hero'"),
        ("hard", {"game": "pong", "matches": 1}, "at least 2 matches"),
        ("hard", {"game": "pung"}, "there is no title 'pung'"),
    ],
)
def test_what_cannot_be_evaluated_is_refused(policy: str, options: dict[str, object], words: str) -> None:
    with pytest.raises(UserError, match=words):
        evaluate(policy, **options)  # type: ignore[arg-type]  # wrong on purpose
