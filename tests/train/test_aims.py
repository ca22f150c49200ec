"""Every title says what a rival is meant to reach, in terms of its own, and the zoo measures and takes in rivals by that."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from npckit import cli
from npckit.agents.policy_file import PolicyFile
from npckit.agents.seats import agent_named
from npckit.errors import UserError
from npckit.games import registry
from npckit.train import Run
from npckit.train.aims import KINDS, Aim, aims_of, reached
from npckit.train.zoo import take_in, verify


@pytest.mark.parametrize("name", registry.names())
def test_every_title_has_aims_that_its_own_words_say(name: str) -> None:
    game = registry.load(name)
    for role in dict.fromkeys(game.spec.roles):
        aims = [aim for seats in game.spec.seat_counts for aim in aims_of(game, role, seats)]
        assert aims, role
        for aim in aims:
            assert aim.kind in KINDS and aim.least > 0 and aim.told
            assert (aim.against in game.bots) == (aim.kind == "wins")
            assert not aim.event or aim.event in game.spec.events


def test_a_stronger_player_comes_further() -> None:
    game = registry.load("flappy")
    for aim in (
        Aim("full_time", 0.9),
        Aim("score", 1),
        Aim("events", 1, event="passed"),
        Aim("share", 0.5, event="passed", count=3),
    ):
        weak, strong = (
            reached(aim, game, agent_named(level, game), role="", seats=1, matches=60, seed=1).mean
            for level in ("random", "hard")
        )
        assert weak < strong


def test_a_run_becomes_a_rival_with_everything_beside_it(finished: Run, tmp_path: Path) -> None:
    figures = take_in(finished.path, "novice", folder=tmp_path, matches=20)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "novice.csv",
        "novice.json",
        "novice.onnx",
        "novice.toml",
    ]
    card = PolicyFile.load(tmp_path / "novice.onnx").card
    assert card.skill.keys() == {f"vs_{each.opponent}" for each in figures} and len(card.ratings["rating"]) == 3
    assert len(json.loads((tmp_path / "novice.json").read_text())) == len(figures)
    assert (tmp_path / "novice.csv").read_text().startswith("tag,samples,value\nmatch/perf_vs_easy,")
    (verdict,) = verify([str(tmp_path / "novice.onnx")], matches=20)
    assert not verdict.met and verdict.aim.kind == "wins"
    asked = ["zoo", "verify", str(tmp_path / "novice.onnx"), "--matches", "20"]
    assert (cli.main(asked), cli.main([*asked, "--strict"])) == (0, 2)


def test_names_and_folders_that_will_not_do(finished: Run, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="name"):
        take_in(finished.path, "no name", folder=tmp_path)
    with pytest.raises(UserError, match="folder of a run"):
        take_in(tmp_path, "novice", folder=tmp_path)
    assert cli.main(["zoo", "add", "one"]) == 2
