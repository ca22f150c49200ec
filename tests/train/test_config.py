"""Configs, presets and flags: what is read is what was written, and what cannot be is refused in a sentence."""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from npckit import cli
from npckit.errors import UserError
from npckit.games import registry
from npckit.games.contract import Game
from npckit.train import PPOConfig, TrainConfig, commands, run
from npckit.train.config import resolved
from npckit.train.config_file import from_table, read_table, to_toml
from npckit.train.presets import find_preset, load_preset, preset_names, starting_point

WRONG_SETTINGS: list[tuple[dict[str, Any], str]] = [
    ({"game": "pung"}, "titles are"),
    ({"algorithm": "sarsa"}, "choose one of ppo, recurrent-ppo, dqn"),
    ({"obs": "smell"}, "choose one of features"),
    ({"stack": 65}, "1 to 64 frames"),
    ({"size": (4, 4)}, "8 to 512 pixels"),
    ({"cnn": "huge"}, "choose one of tiny, small, nature"),
    ({"gamma": 1.5}, "gamma lies between 0 and 1"),
    ({"num_envs": 0}, "num_envs lies between"),
    ({"zoom": (0.0,)}, "factors of zoom"),
    ({"hidden": (64, 0)}, "1 to 65536 wide"),
    ({"learning_rate": float("nan")}, "learning_rate lies between"),
    ({"ppo": PPOConfig(feature_coef=1.0)}, "leave it out with --obs features"),
    ({"opponents": {"hero": 1.0}}, "use one of random, easy"),
    ({"role": "goalie"}, "has no role 'goalie'; its roles are paddle"),
    ({"seats": 3}, "is played with 2 seats; got 3"),
    ({"teacher": "sage"}, "use one of random, easy"),
    ({"teacher": "breakout"}, "breakout"),
    ({"teacher": "hard", "algorithm": "dqn"}, "leave out --teacher hard"),
    ({"opponents": {"hard": -1.0}}, "positive numbers"),
    ({"opponents": {"missing.onnx": 1.0}}, "missing.onnx"),
    ({"num_envs": 3, "opponents": {"learner": 1.0}, "ppo": PPOConfig(n_steps=2, batch_size=6)}, "multiple of 2"),
]


@pytest.mark.parametrize(("settings", "words"), WRONG_SETTINGS, ids=lambda value: str(value)[:40])
def test_a_wrong_setting_is_refused_in_one_sentence_and_leaves_no_folder(
    settings: dict[str, Any], words: str, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match=re.escape(words)) as caught:
        run(
            TrainConfig(**{"game": "pong", "out": str(tmp_path / "run"), "total_samples": 1000, **settings}), quiet=True
        )
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "run").exists()


def test_asking_for_a_gpu_that_is_not_there_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(UserError, match="no GPU that torch can use; train with --device cpu"):
        run(TrainConfig("pong", device="cuda", out=str(tmp_path / "run")), quiet=True)
    assert not (tmp_path / "run").exists()


def test_minibatches_divide_an_update_evenly() -> None:
    config, _ = resolved(TrainConfig("pong", num_envs=10, ppo=PPOConfig(n_steps=10, batch_size=64)))
    assert config.ppo.batch_size == 50


def test_a_config_survives_its_file() -> None:
    config = replace(resolved(TrainConfig("pong", seed=7, size=(42, 40), hidden=()))[0], out='a "quoted" folder\\x')
    assert from_table(tomllib.loads(to_toml(config)), where="here") == config


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("learning_rat = 1", "no setting learning_rat; did you mean learning_rate?"),
        ("[ppo]\nentcoef = 1", "no setting ppo.entcoef; did you mean ppo.ent_coef?"),
        ('seed = "three"', "seed is a whole number; got 'three'"),
        ("seed = true", "seed is a whole number; got True"),
        ("hidden = 64", "hidden is a list of whole numbers; got 64"),
        ("size = [64]", "size is a list of whole numbers"),
        ('obs = "smell"', "obs is one of features, planes, pixels, both"),
        ("[opponents]\nhard = 'much'", "opponents is a table of numbers"),
        ("gamma = 2", "gamma lies between 0 and 1"),
        ("ppo = 3", "ppo is a table of settings; got 3"),
        ("seed = ", "is not TOML"),
    ],
)
def test_a_wrong_preset_is_refused_by_key_and_file(text: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(UserError, match=re.escape(words)) as caught:
        load_preset("pong", str(path))
    assert str(path) in str(caught.value)


def test_every_preset_of_every_title_is_ready_to_run(title: Game) -> None:
    name = title.name if title.name in registry.names() else str(registry.folder_of(title))
    for preset in preset_names(title):
        config, game = resolved(load_preset(name, preset))
        assert game.spec == title.spec and config.opponents


def test_a_preset_may_leave_its_title_to_the_command_but_a_config_may_not(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("seed = 3")
    assert load_preset("pong", str(path)) == TrainConfig("pong", seed=3)
    with pytest.raises(UserError, match="names no title"):
        find_preset(str(path))


def test_an_unknown_preset_is_refused_with_those_there_are() -> None:
    with pytest.raises(UserError, match="its presets are champion, demo"):
        load_preset("pong", "best")
    with pytest.raises(UserError, match="there is no file"):
        read_table(Path("nowhere.toml"))


def test_without_a_preset_the_titles_usual_one_for_the_observation_applies() -> None:
    assert starting_point("pong", None, None, "planes") == load_preset("pong", "ppo-planes")
    assert starting_point("pong", None, "dqn", "both") == TrainConfig("pong", algorithm="dqn", obs="both")


def test_flags_change_a_preset_and_leave_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[TrainConfig] = []

    def remember(config: TrainConfig) -> Any:
        seen.append(config)
        return type("Ended", (), {"results": {"interrupted": False}})

    monkeypatch.setattr(commands, "_trained", remember)
    flags = ["--preset", "champion", "--gamma", "0.9", "--ppo.n-epochs", "2", "--opponents", "easy=0.5", "learner=0.5"]
    assert cli.main(["train", "pong", *flags]) == 0
    preset = load_preset("pong", "champion")
    changed = replace(preset.ppo, n_epochs=2)
    assert seen == [replace(preset, gamma=0.9, ppo=changed, opponents={"easy": 0.5, "learner": 0.5})]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["pung"], "there is no title 'pung'"),
        (["pong", "--obs", "smell"], "there is no observation 'smell'"),
        (["pong", "--preset"], "--preset needs a value"),
        (["pong", "--preset", "best"], "pong has no preset 'best'"),
        (["--seed", "1", "pong"], "name a title first: npckit train TITLE"),
        ([], "the titles are "),
    ],
)
def test_the_command_line_refuses_in_a_sentence(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["train", *arguments]) == 2
    told = capsys.readouterr().err
    assert words in told and told.count("\n") == 1


WITHOUT = """
import sys
from npckit.cli import main

class Missing:
    def find_spec(self, name, *_):
        if name.split(".")[0] == sys.argv[1]:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Missing())
sys.exit(main(["train", "pong"]))
"""


@pytest.mark.parametrize("package", ["torch", "stable_baselines3"])
def test_without_the_extra_training_says_what_to_install(package: str, start: Any) -> None:
    process = start("-c", WITHOUT, package)
    _, told = process.communicate(timeout=120)
    assert process.returncode == 2
    assert told == f"npckit: {package} is not installed; run: pip install 'npckit[train]'\n"


def test_importing_the_package_loads_no_learner(start: Any) -> None:
    code = (
        "import sys, npckit.train, npckit.train.commands; sys.exit('torch' in sys.modules or 'pygame' in sys.modules)"
    )
    process = start("-c", code)
    _, told = process.communicate(timeout=120)
    assert process.returncode == 0, told
