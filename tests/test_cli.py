"""The command line says in one sentence what is wrong, and exits with 2."""

import pytest
from npckit.cli import COMMANDS, main

WRONG = {
    "frob": "there is no command 'frob'",
    "play": "Missing from npckit play",
    "play pong --fast": "Unrecognized options: --fast; see npckit play --help.",
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
