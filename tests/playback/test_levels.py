"""`npckit play --level` and `--rating`."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path
from typing import Any

import pytest
from npckit import cli
from npckit.agents.handicap import Handicap
from npckit.agents.ladder import Ladder, Level
from npckit.agents.policy_file import ZOO, PolicyFile, write_card
from npckit.playback.commands import play

LADDER = Ladder(
    (
        Level(level=1, handicap=Handicap(delay=6.5), rating=(700, 680, 720)),
        Level(level=2, handicap=Handicap(), rating=(2000, 1980, 2020)),
    )
)


@pytest.fixture
def rival(tmp_path: Path) -> str:
    path = tmp_path / "rival.onnx"
    shutil.copy(ZOO / "pong.onnx", path)
    write_card(path, dataclasses.replace(PolicyFile.load(path).card, ratings=LADDER.to_json()))
    return str(path)


@pytest.mark.parametrize("strength", [{"level": 1}, {"level": 2}, {"rating": 1200.5}])
def test_a_rival_plays_at_a_level_or_a_rating(rival: str, strength: dict[str, Any]) -> None:
    play("pong", against=rival, **strength, mute=True, max_frames=3)


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (["--level", "3"], "the levels are 1 to 2"),
        (["--level", "0"], "the levels are 1 to 2"),
        (["--rating", "100"], "go from 700 to 2000; got 100"),
        (["--rating", "nan"], "go from 700 to 2000; got nan"),
        (["--rating", "900", "--level", "1"], "give --level or --rating, not both"),
    ],
)
def test_what_a_ladder_does_not_have_is_refused(
    rival: str, capsys: pytest.CaptureFixture[str], flags: list[str], says: str
) -> None:
    assert cli.main(["play", "pong", "--against", rival, *flags]) == 2
    assert says in capsys.readouterr().err


def test_bots_have_no_levels(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["play", "pong", "--against", "hard", "--level", "3"]) == 2
    assert "hard has no levels; leave out --level" in capsys.readouterr().err


def test_who_plays_alone_has_no_rival(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["play", "flappy", "--rating", "3"]) == 2
    assert "flappy is played alone" in capsys.readouterr().err


def test_a_match_of_levels_is_recorded(rival: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "match.replay"
    assert cli.main(["record", "pong", f"{rival}@1", "hard", "--seed", "3", "--out", str(out)]) == 0
    assert cli.main(["record", "pong", f"{rival}@5", "hard", "--out", str(tmp_path / "b.replay")]) == 2
    assert "the levels are 1 to 2" in capsys.readouterr().err
