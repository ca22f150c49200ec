"""Videos: streamed, headless, whole or not there at all. ffmpeg itself is asked what is in them."""

import os
import re
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pygame
import pytest
from npckit.errors import UserError
from npckit.playback import commands
from npckit.playback.palette import colours
from npckit.playback.video import VideoWriter, colours_of, even, ffmpeg, record_video

SMALL = {"seed": 3, "scale": 2.0}


def decoded(path, size, fps=None):
    """(frames, h, w, 3) uint8 of a video."""
    rate = ["-r", str(fps)] if fps else []
    command = [ffmpeg(), "-loglevel", "error", "-i", str(path), *rate, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    out = subprocess.run(command, capture_output=True, check=True).stdout
    return np.frombuffer(out, np.uint8).reshape(-1, size[1], size[0], 3)


def described(path):
    return subprocess.run([ffmpeg(), "-hide_banner", "-i", str(path)], capture_output=True, text=True).stderr


def test_an_mp4_plays_everywhere_and_shows_the_match(session, tmp_path):
    watched, path = session("hard", "easy", seed=3), tmp_path / "match.mp4"
    done = record_video(watched, path, colours(), size=(321, 241), fps=30)
    text = described(path)
    assert "h264" in text
    assert "yuv420p" in text
    assert "322x242" in text
    frames = decoded(path, (322, 242))
    assert len(frames) == done.frames == watched.match.tick // 2 + 45 + watched.match.tick % 2
    ball = (frames[20].astype(int).sum(axis=2) > 650).sum()  # near white: ball and letters
    assert ball > 20
    assert (np.abs(np.diff(frames[5:60].astype(int), axis=0)).max(axis=(1, 2, 3)) > 40).any()


def test_a_gif_has_the_colours_of_the_picture(session, tmp_path):
    path = tmp_path / "match.gif"
    record_video(session("hard", "easy", seed=3), path, colours("safe"), size=(320, 240))
    assert re.search(r"gif.*320x240.*25 fps", described(path))
    frame = decoded(path, (320, 240))[30].astype(int)
    for ink in (0, 1, 3):
        assert (np.abs(frame - colours("safe").inks[ink]).max(axis=2) <= 4).any()


def test_the_last_frames_name_the_winner(session, tmp_path):
    path = tmp_path / "match.mp4"
    record_video(session("hard", "easy", seed=3), path, colours(), size=(320, 240), fps=10)
    frames = decoded(path, (320, 240)).astype(int)
    assert np.abs(frames[-1] - frames[-10]).mean() < 2  # it stands still
    assert np.abs(frames[-1] - frames[-20]).mean() > 2


def test_half_speed_takes_twice_the_frames(session, tmp_path):
    counts = []
    for speed in (1.0, 0.5):
        watched = session("hard", "easy", seed=3)
        done = record_video(watched, tmp_path / f"{speed}.mp4", colours(), size=(64, 64), fps=60, speed=speed)
        counts.append(done.frames - 90)
    assert abs(counts[1] - 2 * counts[0]) <= 2


def test_the_same_replay_gives_the_same_video_at_any_time(tmp_path):
    commands.record("pong", ("hard", "easy"), out=tmp_path / "m.replay", seed=3)
    for name in ("a.mp4", "b.mp4"):
        commands.record(str(tmp_path / "m.replay"), out=tmp_path / name, scale=2.0, fps=10)
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()


def test_a_recorded_replay_of_a_replay_is_the_replay(tmp_path):
    commands.record("pong", ("hard", "easy"), out=tmp_path / "a.replay", seed=3)
    commands.record(str(tmp_path / "a.replay"), out=tmp_path / "b.replay")
    assert (tmp_path / "a.replay").read_bytes() == (tmp_path / "b.replay").read_bytes()


def test_a_video_can_show_what_a_seat_sees(tmp_path, capsys):
    commands.record(
        "pong", ("hard", "easy"), out=tmp_path / "m.mp4", sees="right", view="planes", fps=5, seed=3, scale=5.0
    )
    assert re.search(r"516x312", described(tmp_path / "m.mp4"))
    assert "wrote" in capsys.readouterr().out


def test_recording_needs_no_display_and_opens_none(tmp_path):
    code = "from npckit.cli import main; import pygame\nmain(['record', 'pong', 'hard', 'easy', '--out', 'm.gif', '--scale', '2'])\n"
    code += "print(pygame.display.get_init())"
    shown = ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER")
    bare = {name: value for name, value in os.environ.items() if name not in shown}
    out = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=bare, capture_output=True, text=True, check=True
    ).stdout
    assert (tmp_path / "m.gif").stat().st_size > 1000
    assert out.split()[-1] == "False"


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"out": "m.avi"}, r"must end in \.mp4 or \.gif or \.replay"),
        ({"out": "nowhere/m.mp4"}, "there is no folder nowhere"),
        ({"out": "folder.mp4"}, "it is a folder"),
        ({"out": "taken.mp4"}, "taken.mp4 exists; choose another --out, or add --overwrite"),
        ({"fps": -1}, "1 to 240 frames"),
        ({"sees": "top"}, "no seat 'top'"),
        ({"sees": "left", "view": "smell"}, "no view 'smell'"),
        ({"agents": ("hard",) * 3}, "pong has 2 seats; got 3 agents"),
        ({"agents": ("nobody",)}, "no player 'nobody'"),
        ({"what": "tetris"}, "no title 'tetris'"),
        ({"what": "gone.replay", "agents": ()}, "cannot read the replay gone.replay"),
        ({"what": "gone.replay", "agents": ("hard",)}, "brings its own players"),
        ({"agents": ("gone.onnx",)}, "gone.onnx"),
    ],
    ids=lambda value: "-".join(map(str, value.values())) if isinstance(value, dict) else "",
)
def test_bad_input_is_refused_before_anything_is_written(tmp_path, monkeypatch, wrong, sentence):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.mp4").mkdir()
    (tmp_path / "taken.mp4").write_text("somebody's")
    call = {"what": "pong", "agents": ("hard", "easy"), "out": "m.mp4", **SMALL, **wrong}
    with pytest.raises(UserError, match=sentence):
        commands.record(call.pop("what"), call.pop("agents"), out=Path(call.pop("out")), **call)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder.mp4", "taken.mp4"]
    assert (tmp_path / "taken.mp4").read_text() == "somebody's"


@pytest.mark.parametrize("kind", ["mp4", "gif"])
def test_a_full_disk_is_one_sentence_and_leaves_nothing_behind(tmp_path, kind):
    """A limit on file sizes stands in for the full disk."""
    (tmp_path / f"m.{kind}").write_text("older")
    command = [
        sys.executable,
        "-c",
        "from npckit.cli import main; raise SystemExit(main())",
        "record",
        "pong",
        "hard",
        "easy",
    ]
    command += ["--out", f"m.{kind}", "--overwrite", "--seed", "3", "--scale", "4"]
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4_000, 4_000))  # noqa: E731
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, preexec_fn=limit)
    assert done.returncode == 2
    assert re.fullmatch(r"npckit: ffmpeg could not write the video: .*\n", done.stderr)
    assert [path.name for path in tmp_path.iterdir()] == [f"m.{kind}"]
    assert (tmp_path / f"m.{kind}").read_text() == "older"


def test_an_interrupted_recording_leaves_nothing_behind(session, tmp_path, monkeypatch):
    watched = session("hard", "easy", seed=3)
    monkeypatch.setattr(watched, "tick", lambda: (_ for _ in ()).throw(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        record_video(watched, tmp_path / "m.mp4", colours(), size=(64, 64))
    assert list(tmp_path.iterdir()) == []


def test_what_ffmpeg_says_is_passed_on(tmp_path):
    def write(path):
        with VideoWriter(path, (64, 64), 30, ".mp4", colours_of(colours())) as video:
            for _ in range(10_000):
                video.write(pygame.Surface((64, 64), 0, 32))

    with pytest.raises(UserError, match=r"ffmpeg could not write the video: .*No such file"):
        write(tmp_path / "no" / "m.mp4")


def test_sides_are_made_even():
    assert [even(side) for side in (1, 2, 719)] == [2, 2, 720]
