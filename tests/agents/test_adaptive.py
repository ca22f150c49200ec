"""An adaptive opponent keeps to a wished win chance, moves in small steps, and remembers in a file that may be damaged."""

from __future__ import annotations

import json
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import npckit
import numpy as np
import pytest
from npckit.agents.adaptive import Adaptive, Result, advantage
from npckit.agents.handicap import Handicap
from npckit.agents.ladder import Ladder, Level
from npckit.agents.profile import KEPT, Player, Profile, usual_path
from npckit.agents.ratings import Rating
from npckit.errors import UserError

POINTS = np.linspace(700.0, 2000.0, 10).tolist()
LADDER = Ladder(
    tuple(
        Level(level=at + 1, handicap=Handicap(delay=float(9 - at)), rating=(each, each - 20.0, each + 20.0))
        for at, each in enumerate(POINTS)
    )
)


def _match(rng: np.random.Generator, ahead: float, scale: float = 3.0) -> tuple[float, float]:
    """Points and a margin of somebody who is so many points stronger (Elo's curve, margins of any size)."""
    margin = scale * (rng.logistic(ahead, 400 / np.log(10)) / 300)
    return float(margin > 0), margin


def _course(rating: float, matches: int, seed: int, **options: float) -> list[float]:
    """The opponents of a person who does not change."""
    rng, rival = np.random.default_rng(seed), Adaptive(LADDER, **options)
    opponents = []
    for _ in range(matches):
        opponents.append(rival.opponent)
        rival.record(*_match(rng, rating - rival.opponent))
    return [*opponents, rival.opponent]


def test_a_newcomer_begins_in_the_middle_of_the_ladder() -> None:
    assert Adaptive(LADDER).opponent == 1350 == round(Adaptive(LADDER).rating.points)


@pytest.mark.parametrize("wish", [0.3, 0.5, 0.7])
def test_the_opponent_comes_to_where_the_wish_is_met(wish: float) -> None:
    last = [_course(1400, 40, seed, win_chance=wish)[-1] for seed in range(30)]
    assert np.mean(last) == pytest.approx(1400 - advantage(wish), abs=40)
    assert np.std(last) < 100


def test_steps_are_large_at_first_and_small_later_and_stay_within_the_ladder() -> None:
    courses = np.array([_course(1900, 40, seed) for seed in range(20)])
    steps = np.abs(np.diff(courses, axis=1))
    assert steps.max() <= 1300 / 6 + 1e-6
    assert steps[:, :5].mean() > 2 * steps[:, 20:].mean() and np.percentile(steps[:, 20:], 95) < 75
    assert courses.min() >= 700 and courses.max() <= 2000


def test_who_gets_better_is_followed() -> None:
    rng, rival = np.random.default_rng(0), Adaptive(LADDER)
    for n in range(80):
        rival.record(*_match(rng, 1000 + 8 * n - rival.opponent))
    assert rival.opponent == pytest.approx(1000 + 8 * 80, abs=150)


def test_a_clear_win_tells_more_than_a_narrow_one_whatever_the_unit_of_the_margin() -> None:
    def after(margins: list[float]) -> float:
        return Adaptive(LADDER, results=[Result(1350, float(margin > 0), margin) for margin in margins]).rating.points

    assert after([-3, 3, -3, 3, 5]) > after([-3, 3, -3, 3, 1]) + 30
    assert after([-300, 300, 500]) == pytest.approx(after([-3, 3, 5]))
    unknown = Adaptive(LADDER, results=[Result(1350, 1), Result(1350, 0.5), Result(1350, 0)])
    assert unknown.rating.points == pytest.approx(1350, abs=30)


def test_earlier_matches_are_gone_on_with_exactly() -> None:
    rng, rival, results = np.random.default_rng(5), Adaptive(LADDER), []
    for _ in range(12):
        results.append(rival.record(*_match(rng, 1600 - rival.opponent)))
    again = Adaptive(LADDER, results=results)
    assert again.rating == rival.rating and again.level == rival.level
    assert again.level.rating[0] == pytest.approx(again.opponent)


@pytest.mark.parametrize(
    ("do", "says"),
    [
        (lambda: Adaptive(LADDER, win_chance=0.99), "0.05 to 0.95 can be wished for; got 0.99"),
        (lambda: Adaptive(LADDER, win_chance=float("nan")), "can be wished for"),
        (lambda: Adaptive(Ladder(LADDER.levels, "score")), "played alone"),
        (lambda: Adaptive(LADDER).record(2.0), "worth 1, 0.5 or 0 points; got 2"),
        (lambda: Adaptive(LADDER).record(1, -3), "cannot have a margin of -3"),
        (lambda: Adaptive(LADDER).record(0.5, 1), "cannot have a margin of 1"),
        (lambda: Result(float("inf"), 1), "are numbers; got inf"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(do, says: str) -> None:
    with pytest.raises(UserError, match=says):
        do()


def test_a_ladder_of_one_level_has_one_opponent() -> None:
    rival = Adaptive(Ladder(LADDER.levels[:1]))
    rival.record(1, 3)
    assert rival.opponent == 700


def test_a_profile_comes_back_and_keeps_the_last_results(tmp_path: Path) -> None:
    profile, player = Profile(tmp_path / "new" / "profile.json"), Player()
    for n in range(KEPT + 5):
        player = player.after(Result(1300.0 + n, n % 2, 2.0 if n % 2 else -2.0))
    profile.remember("pong", "paddle", player, Rating(1412.3, 88.8))
    profile.remember("heist", "thief", Player().after(Result(900.0, 0.5)), Rating(900.0, 200.0))
    again = Profile(profile.path, pytest.fail)
    assert again.player("pong", "paddle") == player and player.matches == KEPT + 5 and len(player.results) == KEPT
    assert again.player("heist", "guard") == Player()
    told = json.loads(profile.path.read_text())["players"]["pong/paddle"]
    assert (told["rating"], told["deviation"]) == (1412, 89)
    assert [path.name for path in profile.path.parent.iterdir()] == ["profile.json"]


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "[]", "nonsense", '{"format": 9, "players": {}}', '{"format": 1, "players": {"a/b": 3}}', "[" * 100_000,
        '{"format": 1, "players": {"a/b": {"results": [[1e999, 1, 0]]}}}',
        '{"format": 1, "players": {"a/b": {"results": [[1300, 7, 0]]}}}',
        '{"format": 1, "players": {"a/b": {"results": [[1300, 1, 0]], "matches": 0}}}',
        '{"format": 1, "players": {"a/b": {"results": [[1300, 1]] , "matches": "x"}}}',
        '{"format": 1, "players": {"a/b": {"results": 7}}}',
    ],
)  # fmt: skip
def test_a_damaged_profile_is_kept_beside_and_all_begin_anew(tmp_path: Path, text: str) -> None:
    path, said = tmp_path / "profile.json", list[str]()
    for name in ("profile.json.damaged", "profile.json.damaged-2"):
        path.write_text(text)
        profile = Profile(path, said.append)
        assert profile.player("a", "b") == Player() and not path.exists()
        assert (tmp_path / name).read_text() == text and f"it is kept as {tmp_path / name}" in said[-1]
    profile.remember("a", "b", Player().after(Result(1300, 1)), Rating(1400, 90))
    assert Profile(path, pytest.fail).player("a", "b").matches == 1


def test_a_profile_lies_where_each_system_keeps_such_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    for platform, variable, folder in (
        ("linux", "XDG_DATA_HOME", ".local/share"),
        ("win32", "APPDATA", "AppData/Roaming"),
        ("darwin", "", "Library/Application Support"),
    ):
        monkeypatch.setattr(sys, "platform", platform)
        monkeypatch.delenv(variable or "HOME", raising=False)
        assert usual_path() == tmp_path / folder / "npckit" / "profile.json"
        if variable:
            monkeypatch.setenv(variable, str(tmp_path / "else"))
            assert usual_path() == tmp_path / "else" / "npckit" / "profile.json"


def test_the_middle_of_the_ladder_is_left_in_the_right_direction() -> None:
    weak, strong = _course(700, 8, 1), _course(2000, 8, 1)
    assert weak[-1] < 1000 and strong[-1] > 1700
    assert all(abs(a - b) <= 1300 / 6 + 1e-6 for course in (weak, strong) for a, b in pairwise(course))


def test_the_example_of_the_docs_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setattr(sys, "platform", "linux")
    blocks = (Path(npckit.__file__).parent / "docs" / "levels.md").read_text().split("```python\n")[1:]
    code = next(block for block in blocks if "Adaptive" in block).split("```")[0].replace("policy.onnx", "pong")
    names: dict[str, Any] = {}
    exec(compile(code, "levels.md", "exec"), names)
    assert names["rival"].rating.points > names["rival"].ladder.points[5]
    assert Profile(tmp_path / "npckit" / "profile.json").player("my game", "paddle").matches == 1
    assert names["npc"].handicap == names["rival"].level.handicap
