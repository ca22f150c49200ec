"""An adaptive opponent wins as often against everybody as is wished, and the benchmark that says so measures what it tells."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from npckit import cli
from npckit.agents.adaptive import Adaptive
from npckit.agents.ladder import ladder_of
from npckit.agents.policy_file import PolicyFile
from npckit.games import registry
from npckit.train.bench import adaptive as bench
from npckit.train.bench.adaptive import WithoutMargins, figures, follow, groups
from npckit.train.bench.adaptive_curves import logistic_fit
from npckit.train.bench.adaptive_people import Arena, Floats, Person, Who, crowd

LADDER = ladder_of(PolicyFile.load("pong"))
LOW, HIGH = LADDER.points[0], LADDER.points[-1]
SLOPE = 0.75  # of Elo's curve: so much do the shipped rival's levels, and the benchmark's people, tell of each other


def chance_of(who: Who, opponent: float) -> float:
    """Nearly Elo's, of people who lie on the ladder: a severity of 1 is its lowest level."""
    rating = HIGH - who[1] * (HIGH - LOW)
    return float(1 / (1 + 10 ** (SLOPE * (opponent - rating) / 400)))


RALLIES = np.linspace(0.01, 0.99, 99)
MATCHES = RALLIES**5 * (
    1 + 5 * (1 - RALLIES) + 15 * (1 - RALLIES) ** 2 + 35 * (1 - RALLIES) ** 3 + 70 * (1 - RALLIES) ** 4
)


class Races:
    """Matches of simulated people: a race to five points, in rallies that make the match as likely as it should be."""

    def __init__(self, seed: int) -> None:
        self._rng = np.random.default_rng(seed)

    def play(self, people: Sequence[Who], opponents: Sequence[float]) -> tuple[Floats, Floats]:
        chances = [chance_of(who, opponent) for who, opponent in zip(people, opponents, strict=True)]
        won = self._rng.random((len(people), 9)) < np.interp(chances, MATCHES, RALLIES)[:, None]
        ours, theirs = won.cumsum(axis=1), (~won).cumsum(axis=1)
        end = ((ours == 5) | (theirs == 5)).argmax(axis=1)
        margins = (ours - theirs)[np.arange(len(people)), end].astype(float)
        return (margins > 0).astype(float), margins


def course(seed: int, newcomer=Adaptive, people: int = 400, wish: float = 0.5):
    everybody = crowd(people, [], np.random.default_rng(seed))
    return everybody, follow(everybody, 30, Races(seed).play, chance_of, partial(newcomer, LADDER, win_chance=wish))


@pytest.fixture(scope="module")
def told() -> dict:
    everybody, followed = course(1)
    return {name: figures(followed, who, 0.5, name) for name, who in groups(everybody).items()}


def test_the_wish_is_met_against_everybody_together(told: dict) -> None:
    assert told["everybody"]["win_rate"] == pytest.approx(0.5, abs=0.05)


def test_the_wish_is_met_against_most_after_ten_matches_and_nearly_after_thirty(told: dict) -> None:
    assert told["everybody"]["near_soon"] >= 0.8
    assert told["everybody"]["near_at_last"] >= 0.8


def test_margins_and_progress_tell_more_than_openskill_does_from_results(told: dict) -> None:
    everybody, followed = course(1, WithoutMargins)
    other = figures(followed, groups(everybody)["everybody"], 0.5, "")
    assert told["everybody"]["near_at_last"] > other["near_at_last"]


def test_whom_the_ladder_does_not_reach_is_counted_and_left_out() -> None:
    people = [Person("late", 1.5), Person("late", 0.5)]
    followed = follow(people, 12, Races(0).play, chance_of, partial(Adaptive, LADDER))
    row = figures(followed, np.ones(2, bool), 0.5, "both")
    assert (row["people"], row["within_the_ladder"]) == (2, 1) and "near_at_last" in row
    assert "win_rate" not in figures(followed, np.array([True, False]), 0.5, "one")


def test_who_learns_loses_a_share_of_what_holds_them_back() -> None:
    assert Person("late", 0.8, 0.25).after(0) == ("late", 0.8)
    assert Person("late", 0.8, 0.25).after(1000) == ("late", pytest.approx(0.6))
    everybody = crowd(400, ["easy", "hard"], np.random.default_rng(0))
    assert 0.2 < np.mean([person.gain > 0 for person in everybody]) < 0.4
    assert {person.kind for person in everybody} >= {"easy", "hard", "late", "all of it"}


def test_people_of_all_kinds_play_at_once_each_against_a_rating_of_their_own() -> None:
    arena = Arena(registry.load("pong"), PolicyFile.load("pong"), 0)
    people = [("late", 0.0), ("late", 2.0), ("easy", 0.0), ("inexact", 2.0)] * 8
    points, margins = arena.play(people, [LOW, HIGH, HIGH, HIGH] * 8)
    won = points.reshape(8, 4).mean(axis=0)
    assert won[0] > 0.8 and won[1:].max() < 0.2
    assert (np.sign(margins) == 2 * points - 1).all()


def test_a_curve_is_found_again() -> None:
    inputs = np.stack([np.ones(500), np.linspace(-1, 1, 500)], axis=1)
    shares = 1 / (1 + np.exp(-inputs @ np.array([0.5, -2.0])))
    assert logistic_fit(inputs, shares, 50.0) == pytest.approx([0.5, -2.0], abs=0.01)


def test_the_command_prints_what_it_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bench.Arena, "find_worst", lambda arena: None)
    monkeypatch.setattr(bench.Arena, "play", lambda arena, people, against: Races(3).play(people, against))
    monkeypatch.setenv("COLUMNS", "160")
    out = tmp_path / "bench.json"
    flags = ["--people", "20", "--matches", "12", "--curve-matches", "20", "--out", str(out)]
    assert cli.main(["bench", "adaptive", *flags]) == 0
    told = json.loads(out.read_text())
    assert told["title"] == "pong" and told["rows"][0]["people"] == 20
    assert f"{told['rows'][0]['win_rate']:.1%}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        ("--matches 10", "--matches more than 10"),
        ("--people 0", "--people is 1 or more"),
        ("--win-chance 2", "0.05 to 0.95 can be wished for"),
        ("--title flappy --policy pong", "not played by one against one"),
        ("--out nowhere/x.json", "there is no folder nowhere"),
    ],
)
def test_a_wrong_flag_is_refused_before_any_match(
    flags: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(["bench", "adaptive", *flags.split()]) == 2
    assert says in capsys.readouterr().err
