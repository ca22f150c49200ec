"""A tournament: fair, repeatable, gone on with where it was, and not stopped by a bad file."""

from __future__ import annotations

import csv
import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from npckit import cli
from npckit.agents.pairing import Player
from npckit.agents.policy_file import ZOO, PolicyFile, with_card
from npckit.agents.seats import CallableAgent
from npckit.errors import UserError
from npckit.games import registry
from npckit.games.contract import Game
from npckit.games.observation import ObsSpec
from npckit.train.tournament import run_tournament, standing
from npckit.train.tournament.book import Book
from npckit.train.tournament.entrants import entrant, read_entrants
from npckit.train.tournament.report import write_report

RIVAL = ZOO / "pong.onnx"
FILES = ("tournament.txt", "ratings.csv", "pairs.csv", "tournament.json", "tournament.png", "results.json")


def _bytes(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in FILES}


def _hold(out: Path, *names: str, matches: int = 10) -> dict[str, bytes]:
    result, remarks = run_tournament("pong", names, matches=matches, seed=3, out=out)
    write_report(result, remarks, out)
    return _bytes(out)


def test_the_command_prints_and_writes_the_same_ratings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["tournament", "pong", "pong", "hard", "easy", "--matches", "40", "--out", str(tmp_path / "cup")]
    assert cli.main(command) == 0
    said = capsys.readouterr().out
    told = json.loads((tmp_path / "cup" / "tournament.json").read_text())
    rows = list(csv.DictReader((tmp_path / "cup" / "ratings.csv").read_text().splitlines()))
    assert [line["name"] for line in told["ratings"]] == ["pong", "hard", "easy"] == [row["name"] for row in rows]
    best = told["ratings"][0]["rating"]
    assert best["points"] > 1600 and best["low"] < best["points"] < best["high"]
    assert f"{best['points']:.0f}" in said and f"{best['low']:.0f} to {best['high']:.0f}" in said
    assert said.count("fixed") == 2 and (tmp_path / "cup" / "tournament.png").stat().st_size > 5000


def test_a_tournament_gone_on_with_ends_as_one_that_was_never_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = _hold(tmp_path / "whole", "random", "easy", "hard", str(RIVAL))
    played: list[object] = []
    real = standing.meet

    def stop_after_two(*args: object, **options: object) -> object:
        if len(played) == 2:
            raise KeyboardInterrupt
        played.append(args)
        return real(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(standing, "meet", stop_after_two)
    with pytest.raises(KeyboardInterrupt):
        _hold(tmp_path / "stopped", "random", "easy", "hard", str(RIVAL))
    monkeypatch.setattr(standing, "meet", real)
    assert len(json.loads((tmp_path / "stopped" / "results.json").read_text())["pairs"]) == 2
    assert _hold(tmp_path / "stopped", "random", "easy", "hard", str(RIVAL)) == whole
    assert _hold(tmp_path / "other order", str(RIVAL), "hard", "random", "easy") == whole
    monkeypatch.setattr(standing, "meet", None)  # nobody plays again
    assert _hold(tmp_path / "stopped", "random", "easy", "hard", str(RIVAL)) == whole


def test_who_comes_later_changes_no_result_of_the_others(tmp_path: Path) -> None:
    _hold(tmp_path, "easy", "hard")
    before = json.loads((tmp_path / "results.json").read_text())["pairs"]
    _hold(tmp_path, "easy", "hard", "normal")
    after = json.loads((tmp_path / "results.json").read_text())["pairs"]
    assert len(before) == 1 and len(after) == 3 and before.items() <= after.items()


def test_another_tournaments_folder_is_refused(tmp_path: Path) -> None:
    _hold(tmp_path, "easy", "hard")
    with pytest.raises(UserError, match="matches 10 and not 12"):
        _hold(tmp_path, "easy", "hard", matches=12)
    (tmp_path / "results.json").write_text("{")
    with pytest.raises(UserError, match=r"results\.json is not what a tournament wrote"):
        _hold(tmp_path, "easy", "hard")


def test_files_that_cannot_play_are_named_and_left_out(tmp_path: Path, pong: Game) -> None:
    data, card = RIVAL.read_bytes(), PolicyFile.load(RIVAL).card
    bad = {
        "missing": "there is no policy file",
        "broken": "is refused",
        "foreign": "rules version 99",
        "guest": "plays golf",
    }
    (tmp_path / "broken.onnx").write_bytes(data[:500])
    (tmp_path / "foreign.onnx").write_bytes(with_card(data, dataclasses.replace(card, rules_version=99)))
    (tmp_path / "guest.onnx").write_bytes(with_card(data, dataclasses.replace(card, game="golf")))
    (tmp_path / "twin.onnx").write_bytes(data)
    names = [*(str(tmp_path / f"{name}.onnx") for name in bad), str(RIVAL), str(tmp_path / "twin.onnx"), "easy"]
    entrants, remarks = read_entrants(pong, names, 2)
    assert [each.name for each in entrants] == ["pong", "easy"]
    for name, words in {**bad, "twin": "the same policy as"}.items():
        assert any(f"{name}.onnx is left out" in remark and words in remark for remark in remarks), remarks
    with pytest.raises(UserError, match=r"needs two who can play each other. .*broken.onnx is left out"):
        read_entrants(pong, [str(tmp_path / "broken.onnx")], 2)
    with pytest.raises(UserError, match="no player 'godlike'"):
        read_entrants(pong, ["godlike", "hard"], 2)


def test_policies_of_one_name_are_told_apart_and_none_takes_a_bots(tmp_path: Path, pong: Game) -> None:
    card = PolicyFile.load(RIVAL).card
    for number, name in enumerate(("a/policy", "b/policy", "hard")):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        made = with_card(RIVAL.read_bytes(), dataclasses.replace(card, training={"number": number}))
        (tmp_path / f"{name}.onnx").write_bytes(made)
    files = [str(tmp_path / f"{name}.onnx") for name in ("a/policy", "b/policy", "hard")]
    entrants, remarks = read_entrants(pong, files, 2)
    assert [each.name for each in entrants] == ["a/policy", "b/policy", "hard.onnx", "hard"]
    assert remarks == ["hard plays too, since ratings need a fixed point."]


def _flees(game: Game) -> Player:
    """Goes away from the ball's height, always."""
    names = game.spec.features_of("paddle")
    ball, mine = names.index("ball_y"), names.index("own_y")
    up, down = (game.spec.action_index("paddle", name) for name in ("up", "down"))

    def away(features: np.ndarray) -> np.ndarray:
        return np.where(features[:, ball] > features[:, mine], up, down)

    return Player("coward", "paddle", lambda seed: CallableAgent(away, ObsSpec("features", 1), "coward"))


def test_who_plays_badly_on_purpose_is_rated_badly(pong: Game) -> None:
    bots, _ = read_entrants(pong, ["random", "easy", "normal", "hard"], 2)
    everybody = [entrant(pong, _flees(pong), "coward"), *bots]
    book = Book(pong, None, matches=40, seed=0, seats=2)
    result = standing.hold(pong, everybody, standing.pairs_of(pong, everybody, 2), book)
    assert [line.name for line in result.lines][:3] == ["hard", "normal", "easy"]
    worst = next(line for line in result.lines if line.name == "coward")
    assert worst.rating.high < next(line for line in result.lines if line.name == "easy").rating.points
    assert worst.win_rate.high < 0.5 and not worst.anchor


def test_in_a_title_of_two_roles_those_of_one_meet_those_of_the_other(lantern: Game) -> None:
    result, _ = run_tournament(str(registry.folder_of(lantern)), ("easy", "hard"), matches=4)
    assert {line.name for line in result.lines} == {
        f"{level} ({role})" for level in ("easy", "hard") for role in lantern.spec.roles
    }
    assert all(("runner" in one) != ("runner" in other) for one, other in result.tallies) and len(result.tallies) == 8


def test_where_one_plays_alone_the_higher_score_in_the_same_episode_wins() -> None:
    name = next(name for name in registry.names() if registry.load(name).spec.max_seats == 1)
    result, _ = run_tournament(name, ("random", "hard"), matches=6)
    best, worst = result.lines
    assert result.alone and (best.name, worst.name) == ("hard", "random")
    assert best.score.low > worst.score.high and best.win_rate.mean > 0.9


def test_wrong_lines_are_refused_in_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    for line, words in {
        "tournament pong --matches 1": "at least 2 matches",
        "tournament pong easy": "needs two who can play each other",
        "tournament pong --anchors easy": "leave out easy",
        "tournament pung": "there is no title",
    }.items():
        assert cli.main(line.split()) == 2
        assert words in capsys.readouterr().err
