"""Replays: a seed and the actions say it all, and a file from anywhere is read strictly."""

import base64
import json
import os
import zlib

import numpy as np
import pytest
from npckit.errors import UserError
from npckit.games.batch import Batch
from npckit.games.replay import Recorder, Replay


def recorded(game, seed=1, ticks=0, stride=1):
    """A replay of random legal play, to the end or for so many ticks."""
    batch = Batch(game)
    batch.reset(seed)
    recorder, rng = Recorder(batch), np.random.default_rng(seed)
    while batch.running.all() and (not ticks or batch.states["tick"][0] < ticks):
        actions = np.zeros((1, batch.seats), np.int32)
        for seat in range(batch.seats):
            masks = batch.masks(np.zeros(1, np.int32), np.full(1, seat, np.int32))
            actions[0, seat] = rng.choice(np.flatnonzero(masks[0]))
        batch.step(actions, stride)
        recorder.note(actions)
    return recorder.replay([f"player {seat}" for seat in range(batch.seats)])


@pytest.fixture
def saved(pong, tmp_path):
    return recorded(pong).save(tmp_path / "match.replay")


def changed(path, **fields):
    """The same file with some fields of its JSON replaced."""
    path.write_text(json.dumps({**json.loads(path.read_text()), **fields}))
    return path


def test_a_replay_comes_to_the_recorded_end(title):
    recorded(title).verify(title)


def test_a_match_that_was_left_early_can_be_replayed(title):
    replay = recorded(title, ticks=20)
    assert replay.ticks == 20
    replay.verify(title)


def test_actions_held_over_many_ticks_are_noted_for_each_of_them(pong):
    replay = recorded(pong, ticks=40, stride=4)
    assert replay.ticks == 40
    replay.verify(pong)


def test_a_file_gives_back_what_was_saved(title, tmp_path):
    replay = recorded(title)
    again = Replay.load(replay.save(tmp_path / "match.replay"))
    assert np.array_equal(again.actions, replay.actions)
    assert {**vars(again), "actions": None} == {**vars(replay), "actions": None}


def test_the_agents_of_a_replay_play_it_again(title):
    from npckit.agents.match import Match

    replay = recorded(title)
    match = Match(title, replay.agents())
    match.batch.max_ticks = replay.max_ticks
    match.reset_to(np.array([replay.seed], np.uint64))
    match.play()
    assert match.batch.hash() == replay.hash


def test_a_full_match_takes_a_few_kilobytes(title, tmp_path):
    """Even of players who decide by chance, which is as long as replays get."""
    size = recorded(title).save(tmp_path / "match.replay").stat().st_size
    assert size < max(8000, 3000 * title.spec.max_seats)


def test_an_altered_action_is_found_out(pong):
    replay = recorded(pong)
    replay.actions[replay.ticks // 2 :, 0] = 1
    with pytest.raises(UserError, match="does not come to its recorded end"):
        replay.verify(pong)


@pytest.mark.parametrize("field", [{"seed": 7}, {"scores": [5.0, 5.0]}, {"hash": "0" * 16}])
def test_an_altered_field_is_found_out(saved, pong, field):
    with pytest.raises(UserError, match="does not come to its recorded end"):
        Replay.load(changed(saved, **field)).verify(pong)


def test_another_rules_version_is_refused_with_the_npckit_that_has_it(saved, pong):
    with pytest.raises(UserError, match=r"rules version 99.*watch it with npckit 0"):
        Replay.load(changed(saved, rules_version=99)).verify(pong)


def test_another_title_is_refused(saved, lantern):
    with pytest.raises(UserError, match="this replay is of pong, not of lantern"):
        Replay.load(saved).verify(lantern)


def test_an_action_the_title_does_not_have_is_refused(pong):
    replay = recorded(pong)
    replay.actions[3, 1] = 60000
    with pytest.raises(UserError, match="actions that pong does not have"):
        replay.verify(pong)


def test_a_newer_format_says_to_upgrade(saved):
    with pytest.raises(UserError, match=r"newer npckit \(format 2\); upgrade"):
        Replay.load(changed(saved, format=2))


def test_any_truncation_is_refused(saved):
    whole = saved.read_bytes()
    for length in range(0, len(whole) - 2, 7):
        saved.write_bytes(whole[:length])
        with pytest.raises(UserError, match="not a replay that npckit can play"):
            Replay.load(saved)


def packed(numbers):
    return base64.b64encode(zlib.compress(numbers)).decode()


@pytest.mark.parametrize(
    "fields",
    [
        {"ticks": 10**9},
        {"ticks": -1},
        {"ticks": 5.0},
        {"max_ticks": True},
        {"max_ticks": 1},
        {"seed": -1},
        {"seed": 2**64},
        {"seed": "7"},
        {"format": True},
        {"format": "1"},
        {"game": ""},
        {"game": "a\x1b[2Jb"},
        {"game": ["pong"]},
        {"hash": None},
        {"npckit": "x" * 1000},
        {"players": []},
        {"players": "ab"},
        {"players": ["a", 3]},
        {"players": ["a"] * 10000},
        {"scores": [1.0]},
        {"scores": [float("nan"), 0.0]},
        {"scores": [float("inf"), 0.0]},
        {"scores": [10**400, 0]},
        {"runs": [10**8, 10**8]},
        {"runs": [0, 0]},
        {"runs": [1]},
        {"runs": {"0": 1}},
        {"actions": 3},
        {"actions": "not base64!"},
        {"actions": "é"},
        {"actions": base64.b64encode(b"not zlib").decode()},
        {"actions": packed(b"")},
        {"actions": packed(b"\0" * 10**8)},  # unpacked no farther than the runs say
        {"code": "import os"},
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_a_hostile_file_is_refused_in_a_sentence(saved, fields):
    with pytest.raises(UserError, match=r"not a replay that npckit can play: .*; record it again"):
        Replay.load(changed(saved, **fields))


@pytest.mark.parametrize("text", [b"", b"[" * 10**6, b"\xff\xfe", b"null", b"[]", b"7", b"{" * 3, b" " * (2**22 + 1)])
def test_what_is_no_replay_at_all_is_refused_in_a_sentence(tmp_path, text):
    path = tmp_path / "x.replay"
    path.write_bytes(text)
    with pytest.raises(UserError, match="not a replay that npckit can play"):
        Replay.load(path)


def test_random_damage_is_refused_or_found_out_by_playing(saved, pong):
    whole, rng = saved.read_bytes(), np.random.default_rng(0)
    honest = Replay.load(saved)
    for _ in range(300):
        damaged = bytearray(whole)
        damaged[rng.integers(len(whole))] = rng.integers(256)
        saved.write_bytes(damaged)
        try:
            replay = Replay.load(saved)
            replay.verify(pong)
        except UserError:
            continue
        assert (replay.hash, replay.scores) == (honest.hash, honest.scores)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(UserError, match=r"cannot read the replay .*nowhere.replay"):
        Replay.load(tmp_path / "nowhere.replay")


def test_a_name_without_the_suffix_is_refused(pong, tmp_path):
    with pytest.raises(UserError, match=r"must end in \.replay"):
        recorded(pong, ticks=4).save(tmp_path / "match.txt")


def test_a_missing_folder_is_named(pong, tmp_path):
    with pytest.raises(UserError, match="there is no folder"):
        recorded(pong, ticks=4).save(tmp_path / "nowhere" / "match.replay")


def test_a_failed_save_leaves_the_old_file_and_no_draft(pong, saved, monkeypatch):
    before = saved.read_bytes()
    monkeypatch.setattr("pathlib.Path.write_text", lambda *_: (_ for _ in ()).throw(OSError(28, os.strerror(28))))
    with pytest.raises(UserError, match="No space left on device; choose a folder with room"):
        recorded(pong, seed=2, ticks=4).save(saved)
    assert saved.read_bytes() == before
    assert list(saved.parent.iterdir()) == [saved]


def test_odd_names_of_players_are_made_fit_to_be_saved(pong, tmp_path):
    replay = recorded(pong, ticks=4)
    batch = Batch(pong)
    batch.reset(0)
    odd = Recorder(batch).replay(["x" * 500, "a\nb"])
    assert odd.players == ("x" * 100, "a?b")
    assert Replay.load(odd.save(tmp_path / "odd.replay")).players == odd.players
    assert replay.players == ("player 0", "player 1")
