"""Levels are found by measuring: points from who beat whom, even steps, and a card that tells them."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from npckit import cli
from npckit.agents.anchors import anchors_of
from npckit.agents.ladder import Ladder, ladder_of
from npckit.agents.policy_file import ZOO, PolicyFile
from npckit.errors import UserError
from npckit.games import registry
from npckit.train import calibration, zoo
from npckit.train import ladder as command
from npckit.train.calibration import LEAST_STEP, Plan, calibrate
from npckit.train.cards import seats_of
from npckit.train.gauges import Player, Setting, gauge_for


@pytest.fixture(scope="module")
def found(pong_game: Any) -> Ladder:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(calibration, "GRID", 6)
        return calibrate(Plan(pong_game, PolicyFile.load("pong"), matches=40))


@pytest.fixture(scope="module")
def pong_game() -> Any:
    return registry.load("pong")


def test_levels_rise_in_about_even_steps_to_full_strength(found: Ladder) -> None:
    steps = np.diff(found.points)
    assert 8 <= len(found.levels) <= 10 and (steps > 0).all() and steps.max() < 3 * steps.mean()
    assert found.levels[-1].handicap.to_json() == {} and found.points[-1] > 1700
    assert 200 < found.points[0] < 700  # about the easy bot
    held_back = [level.handicap.delay for level in found.levels]
    assert held_back == sorted(held_back, reverse=True)


def test_levels_are_rated_on_the_titles_own_scale() -> None:
    """The bots stay where its anchors are; of another role, where that is whom one plays against."""
    for name, role, others in (("pong", "paddle", "paddle"), ("heist", "thief", "guard")):
        title = registry.load(name)
        rated = gauge_for(Setting(title, role, title.spec.max_seats, 0), 2).ratings()
        assert {bot: each.mean for bot, each in rated.items()} == {
            bot: each.points for bot, each in anchors_of(title, others).items()
        }


def test_the_command_refuses_before_it_plays(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mine = tmp_path / "mine.onnx"
    shutil.copy(ZOO / "pong.onnx", mine)
    other = tmp_path / "other" / "mine.onnx"
    other.parent.mkdir()
    shutil.copy(mine, other)
    for flags, says in (
        (["pong"], "stays as it is; name a file of your own with --out"),
        (["pong", "--out", str(mine)], "exists already"),
        (["pong", "--out", str(tmp_path / "new.txt")], "must end in .onnx"),
        ([str(mine), "--matches", "3"], "40 matches at least"),
        ([str(mine), "--snapshots", str(other)], "needs a name of its own"),
        (["nobody.onnx"], "there is no policy file nobody.onnx"),
    ):
        assert cli.main(["ladder", *flags]) == 2
        assert says in capsys.readouterr().err


def test_the_command_writes_the_ladder_and_its_snapshots(
    found: Ladder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    young = tmp_path / "old" / "young.onnx"
    young.parent.mkdir()
    shutil.copy(ZOO / "pong.onnx", young)
    made = replace(found, levels=(replace(found.levels[0], file="young.onnx"), *found.levels[1:]))
    monkeypatch.setattr(command, "calibrate", lambda plan, tell: made)
    out = tmp_path / "new.onnx"
    assert cli.main(["ladder", "pong", "--out", str(out), "--snapshots", str(young)]) == 0
    assert ladder_of(PolicyFile.load(out)) == made
    assert (tmp_path / "young.onnx").read_bytes() == young.read_bytes()
    told = capsys.readouterr().out
    assert "file" in told and f"--against {out} --level 3" in told


def test_where_levels_cannot_be_told_apart_there_is_no_ladder(pong_game: Any) -> None:
    monkey = pytest.MonkeyPatch()
    monkey.setattr(calibration, "GRID", 3)
    monkey.setattr(calibration, "LEAST_STEP", {"points": 5000.0})
    with monkey.context(), pytest.raises(UserError, match="no levels can be told apart"):
        calibrate(Plan(pong_game, PolicyFile.load("pong"), matches=40))
    monkey.undo()


RIVALS = sorted(ZOO.glob("*.onnx"))


@pytest.mark.parametrize("path", RIVALS, ids=lambda path: path.stem)
def test_levels_of_a_shipped_rival_are_as_strong_as_its_card_says(path: Path) -> None:
    """Against all bots together: one number does not tell who is bad against whom."""
    policy, each = PolicyFile.load(path), 40
    title, found = registry.load(policy.card.game), ladder_of(policy)
    setting = Setting(title, policy.card.role, seats_of(policy, title), seed=77)
    assert np.diff(found.points).min() >= LEAST_STEP[found.unit] / 2
    levels = [found.levels[0], found.levels[len(found.levels) // 2]]
    players = [Player(policy, level.file, level.level, level.handicap) for level in levels]
    if found.unit == "score":
        _, scores = setting.against(players, "", each)
        allowed = 5 * scores.std(axis=1) / each**0.5 + 0.05 * found.points[-1]
        assert (abs(scores.mean(axis=1) - [level.rating[0] for level in levels]) <= allowed).all()
    else:
        rated = anchors_of(title, setting.role_of_opponents, setting.seats)
        won = [setting.against(players, bot, each)[0].mean(axis=1) for bot in title.bots]
        told = [
            [1 / (1 + 10 ** ((rated[bot].points - level.rating[0]) / 400)) for level in levels] for bot in title.bots
        ]
        np.testing.assert_allclose(np.mean(won, axis=0), np.mean(told, axis=0), atol=0.2)


def test_the_zoos_levels_are_measured_by_a_command(
    found: Ladder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = tmp_path / "pong.onnx"
    shutil.copy(ZOO / "pong.onnx", mine)
    monkeypatch.setattr(zoo, "shipped", lambda: {"pong": mine})
    monkeypatch.setattr(zoo, "calibrate", lambda plan, tell: found)
    before = PolicyFile.load(mine).card
    assert cli.main(["zoo", "ladder"]) == 0
    assert ladder_of(PolicyFile.load(mine)) == found and PolicyFile.load(mine).card.skill == before.skill
    for words, says in ((["nobody"], "npckit ladder nobody"), (["pong", "--matches", "3"], "40 matches at least")):
        assert cli.main(["zoo", "ladder", *words]) == 2
        assert says in capsys.readouterr().err
