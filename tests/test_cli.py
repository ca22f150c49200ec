"""The command line says in one sentence what is wrong, and exits with 2."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from npckit.agents.policy_file import PolicyFile, with_card
from npckit.cli import COMMANDS, main
from npckit.games.replay import Replay

WRONG = {
    "frob": "there is no command 'frob'",
    "play": "Missing from npckit play",
    "play pong --fast": "Unrecognized options: --fast; see npckit play --help.",
    "play pong --rating high": "['high']; see npckit play --help.",
    "train pong --minutes soon": "'soon'; see npckit train --help.",
    "play pogn": "there is no title 'pogn'",
    "play pong --seat top": "its seats are left, right",
    "watch pong hard godlike": "has no player 'godlike'",
    "record pong hard easy --out match.avi": "match.avi",
    "record pong hard easy --out /no/such/folder/match.mp4": "there is no folder",
    "train pong --obs smell": "there is no observation 'smell'",
    "train pong --preset nope": "nope",
    "evaluate nope.onnx": "there is no policy file nope.onnx",
    "card README.md": "README.md",
    "check /no/such/title": "is no title",
    "tournament pong godlike": "has no player 'godlike'",
    "tensorboard /no/such/runs": "there is no folder",
    "bench sim --envs 3": "--envs is 4 to",
}


@pytest.mark.parametrize("line", WRONG)
def test_a_wrong_line_gets_one_sentence_and_exit_status_2(line, capsys):
    assert main(line.split()) == 2
    said = capsys.readouterr().err.strip().splitlines()
    assert len(said) == 1 and said[0].startswith("npckit: ") and WRONG[line] in said[0]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name, capsys):
    with pytest.raises(SystemExit) as stop:
        main([name, "--help"])
    assert stop.value.code == 0 and f"npckit {name}" in capsys.readouterr().out


def test_without_a_command_the_commands_are_listed(capsys):
    assert main([]) == 0
    said = capsys.readouterr().out
    assert all(name in said for name in COMMANDS)


def test_the_doctor_looks_at_everything(capsys):
    assert main(["doctor"]) == 0
    said = capsys.readouterr().out
    assert all(word in said for word in ("python", "torch", "device", "display", "sound", "ffmpeg", "compiled rules"))


@pytest.mark.parametrize("told", ["evil", "./evil", "{here}/evil", "pong/../evil"])
@pytest.mark.parametrize(
    "line",
    ["evaluate rival.onnx", "exploit rival.onnx", "zoo verify rival.onnx", "ladder rival.onnx", "watch a.replay"],
)
def test_a_file_cannot_name_a_folder_of_code(line, told, tmp_path, monkeypatch, capsys):
    """A title's folder is code that is imported: a person may name one, a policy file or a replay may not."""
    monkeypatch.chdir(tmp_path)
    Path("evil").mkdir()
    Path("evil", "__init__.py").write_text("import pathlib; pathlib.Path('ran').touch()")
    name = told.format(here=tmp_path)
    policy = PolicyFile.load("pong")
    Path("rival.onnx").write_bytes(with_card(policy.path.read_bytes(), replace(policy.card, game=name)))
    actions = np.zeros((4, 2), np.uint16)
    replay = Replay(
        game=name,
        rules_version=1,
        seed=0,
        max_ticks=9,
        players=("a", "b"),
        actions=actions,
        hash="0" * 64,
        scores=(0.0, 0.0),
    )
    Path("a.replay").write_text(replay.to_json())
    assert main(line.split()) == 2
    said = capsys.readouterr().err
    assert not Path("ran").exists() and ("none of the titles here" in said or "not a replay" in said)


def test_what_a_card_says_is_shown_as_plain_text(tmp_path, capsys):
    policy = PolicyFile.load("pong")
    card = replace(policy.card, training={"[red]by\x1b[2J": "[/nothing] \x07" + "x" * 10**5, "seats": [1]})
    (tmp_path / "rival.onnx").write_bytes(with_card(policy.path.read_bytes(), card))
    assert main(["card", str(tmp_path / "rival.onnx")]) == 0
    said = capsys.readouterr().out
    assert "[red]by" in said and "[/nothing]" in said and not {"\x1b", "\x07"} & set(said) and len(said) < 10**5
    assert main(["zoo", "verify", str(tmp_path / "rival.onnx")]) == 2
    assert "a number belongs there" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["games", "--version"])  # by rich and by print
def test_where_nobody_reads_any_more_nothing_is_said(command):
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([sys.executable, "-m", "npckit", command], stdout=writer, stderr=subprocess.PIPE, text=True)
    os.close(writer)
    assert done.returncode == 1 and done.stderr == ""
