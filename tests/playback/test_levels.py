"""`npckit play --level`, `--rating` and `--level auto`."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from npckit import cli
from npckit.agents.handicap import Handicap
from npckit.agents.ladder import Ladder, Level
from npckit.agents.policy_file import ZOO, PolicyFile, write_card
from npckit.agents.seats import BotAgent, agent_named
from npckit.games import registry
from npckit.playback.adapting import Adapting
from npckit.playback.commands import play
from npckit.playback.session import Session

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


def test_only_a_rival_with_levels_adapts(rival: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = ["--profile", str(tmp_path / "me.json")]
    for flags, says in (
        (["--against", "hard", "--level", "auto", *file], "hard has no levels"),
        (["--against", "person", "--level", "auto", *file], "person has no levels"),
        (["--against", rival, "--level", "auto", "--rating", "900", *file], "give --level auto or --rating, not both"),
        (["--against", rival, "--level", "auto", "--win-chance", "1.5", *file], "of 0.05 to 0.95 can be wished for"),
        (["--against", rival, "--level", "auto", "--profile", "nowhere/me.json"], "there is no folder nowhere"),
        (["--against", rival, "--level", "2", "--win-chance", "0.5"], "add --level auto"),
        (["--against", rival, *file], "add --level auto"),
    ):
        assert cli.main(["play", "pong", *flags]) == 2
        assert says in capsys.readouterr().err
    shutil.copy(ZOO / "pong.onnx", tmp_path / "plain.onnx")
    write_card(tmp_path / "plain.onnx", dataclasses.replace(PolicyFile.load(rival).card, ratings={}))
    assert cli.main(["play", "pong", "--against", str(tmp_path / "plain.onnx"), "--level", "auto", *file]) == 2
    assert "has no levels yet; measure them: npckit ladder" in capsys.readouterr().err


def test_a_rival_adapts_from_match_to_match_and_the_profile_goes_on(rival: str, tmp_path: Path) -> None:
    """A weak bot stands in for a person who loses."""
    game, path = registry.load("pong"), tmp_path / "me.json"

    def sitting() -> tuple[Adapting, Session]:
        adapting = Adapting(game, [BotAgent("easy"), agent_named(rival, game)], rival, 0, win_chance=0.5, path=path)
        return adapting, Session(game, [BotAgent("easy"), agent_named(rival, game)], seed=3, between=adapting)

    adapting, session = sitting()
    begun = adapting.adaptive.opponent
    assert begun == 1350 and session.names[1] == "rival@1"  # the middle, and who is nearest to it
    for match in range(2):
        while not session.is_over:
            session.tick()
        assert session.winner() == 1 and f"rival {begun:.0f}" in adapting.note
        told = json.loads(path.read_text())["players"]["pong/paddle"]
        assert told["matches"] == match + 1 and told["results"][-1][:2] == pytest.approx([begun, 0], abs=0.1)
        assert adapting.adaptive.opponent < begun
        begun = adapting.adaptive.opponent
        session.restart()
    again, _ = sitting()
    assert again.adaptive.opponent == pytest.approx(begun, abs=1) and "after 2 matches of pong" in again.summary()


def test_what_is_known_is_said_when_the_window_closes(
    rival: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "me.json"
    path.write_text('{"format": 1, "players": {"pong/paddle": {"results": [[900, 1, 5]]}}}')
    play("pong", against=rival, level="auto", profile=path, mute=True, max_frames=3)
    assert "after 1 match of pong" in capsys.readouterr().out
