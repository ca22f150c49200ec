"""`npckit export`: runs, stock zips and students become policy files, or a sentence says why not."""

from __future__ import annotations

import base64
import json
import pickle
import re
import zipfile
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from npckit import cli
from npckit.agents.policy_file import PolicyFile, shipped
from npckit.envs import SB3VecEnv
from npckit.games import registry
from npckit.train import Run, distill, evaluate
from npckit.train.distill import distil
from sb3_contrib import RecurrentPPO
from stable_baselines3 import DQN, PPO


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "160")  # a narrow terminal folds tables


@pytest.fixture(scope="module")
def stock(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a user of stock Stable-Baselines3 has after training on pong."""
    torch.set_num_threads(1)
    path = tmp_path_factory.mktemp("stock") / "pong_sb3.zip"
    model = PPO("MlpPolicy", SB3VecEnv("pong", 8, opponent="easy"), n_steps=16, batch_size=64, n_epochs=1, device="cpu")
    model.learn(128)
    model.save(path)
    return path


def agreed(algorithm: str, said: str) -> list[str]:
    """On what `predict` chose as the file does, but for a few near ties of a young policy, which each CPU rounds its own way."""
    told = re.findall(rf"\b{algorithm}\.predict chose the same in 3,(\d+) of 3,200 decisions on (.*);", said)
    return [seen for same, seen in told if int(same) > 190]


def run(*words: str | Path) -> int:
    return cli.main(["export", *map(str, words)])


def test_a_run_gives_the_file_that_it_ended_with(finished: Run, tmp_path: Path, capsys: Any) -> None:
    assert run(finished.path, "--out", tmp_path / "rival.onnx") == 0
    said = capsys.readouterr().out
    assert "torch and ONNX differ by" in said and "pong's own observations" in said and "npckit watch pong" in said
    old, new = PolicyFile.load(finished.policy), PolicyFile.load(tmp_path / "rival.onnx")
    assert new.card == old.card and new.card.skill
    obs = np.random.default_rng(0).uniform(-1, 1, (50, 9)).astype(np.float32)
    np.testing.assert_array_equal(old.run(obs)[0], new.run(obs)[0])


def test_a_file_can_be_made_to_draw_and_back(finished: Run, tmp_path: Path) -> None:
    warm, cold = tmp_path / "warm.onnx", tmp_path / "cold.onnx"
    assert (
        run(finished.path, "--temperature", "0.5", "--out", warm) == run(warm, "--temperature", "0", "--out", cold) == 0
    )
    old, *new = (PolicyFile.load(path).card for path in (finished.policy, warm, cold))
    assert [card.temperature for card in new] == [0.5, 0] and old.skill and not any(card.skill for card in new)
    assert run("pong", "--temperature", "0", "--out", tmp_path / "same.onnx") == 0
    assert (
        PolicyFile.load(tmp_path / "same.onnx").card == PolicyFile.load("pong").card
    )  # nothing that was measured is lost
    figures = [evaluate(path, matches=20)[-1].score for path in (finished.policy, warm, cold)]
    assert figures[0] == figures[2] != figures[1]


def test_the_command_that_comes_next_seats_a_team_where_it_belongs(tmp_path: Path, capsys: Any) -> None:
    out = tmp_path / "guards.onnx"
    assert run("heist_guard", "--temperature", "0", "--out", out) == 0
    assert f"npckit watch heist hard {out} {out} {out}" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words", ["{run} --temperature -1", "{run} --temperature nan", "{run} --temperature 1 --distill small"]
)
def test_what_is_no_temperature_gets_one_sentence(words: str, finished: Run, tmp_path: Path, capsys: Any) -> None:
    out = tmp_path / "rival.onnx"
    assert run(*words.format(run=finished.path).split(), "--out", out) != 0
    assert "temperature" in capsys.readouterr().err and not out.exists()


def test_an_older_checkpoint_of_a_run_has_no_figures_of_the_newest(finished: Run, tmp_path: Path) -> None:
    oldest = finished.checkpoints[0]
    assert run(oldest, "--out", tmp_path / "rival.onnx") == 0
    card = PolicyFile.load(tmp_path / "rival.onnx").card
    assert card.training["samples"] == int(oldest.stem) and card.skill == {}


def test_a_stock_zip_becomes_a_rival_of_a_title(stock: Path, tmp_path: Path, capsys: Any) -> None:
    out = tmp_path / "rival.onnx"
    assert run(stock, "--game", "pong", "--trust", "--out", out) == 0
    said = capsys.readouterr().out
    assert "without unpickling anything" in said and "pong's own observations" in said
    assert agreed("PPO", said) == ["random observations", "games of pong"]
    card = PolicyFile.load(out).card
    assert card.actions == registry.load("pong").spec.actions and card.observation.parts[0].names
    assert card.training["samples"] == 128 and "PPO" in card.training["algorithm"]
    assert len(evaluate(out, matches=4)) == 4


OBSERVED = [("pixels", "CnnPolicy", 2), ("planes", "MlpPolicy", 3), ("both", "MultiInputPolicy", 1)]


@pytest.mark.parametrize(("kind", "policy", "stack"), OBSERVED)
def test_a_titles_observation_is_recognised_by_its_shape(kind: str, policy: str, stack: int, tmp_path: Path) -> None:
    env = SB3VecEnv("pong", 2, obs=kind, stack=stack, size=(40, 44))
    DQN(policy, env, buffer_size=10, device="cpu", policy_kwargs={"net_arch": [8]}).save(tmp_path / "model.zip")
    out = tmp_path / "rival.onnx"
    assert run(tmp_path / "model.zip", "--game", "pong", "--out", out) == 0
    seen = PolicyFile.load(out).card.observation
    assert (seen.kind, seen.stack) == (kind, stack)
    assert kind != "pixels" or seen.parts[0].frame_shape == (1, 40, 44)


def test_names_of_somebodys_own_game_come_from_a_json_file(tmp_path: Path, stock: Path, capsys: Any) -> None:
    names = {
        "game": "squash",
        "role": "left",
        "actions": ["rest", "rise", "sink"],
        "decision_ticks": 2,
        "tick_rate": 50,
        "stack": 3,
    }
    (tmp_path / "names.json").write_text(json.dumps(names))
    out = tmp_path / "rival.onnx"
    assert run(stock, "--card", tmp_path / "names.json", "--role", "right", "--out", out) == 0
    assert "random observations" in capsys.readouterr().out
    card = PolicyFile.load(out).card
    assert (card.game, card.role, card.decision_ticks, card.tick_rate) == ("squash", "right", 2, 50)
    assert card.actions == ("rest", "rise", "sink")
    assert (card.observation.stack, card.observation.parts[0].frame_shape) == (3, (3,))


def test_a_card_that_names_a_folder_runs_nothing_of_it(tmp_path: Path, stock: Path) -> None:
    title = tmp_path / "title"
    title.mkdir()
    (title / "__init__.py").write_text(f"open({str(tmp_path / 'trace')!r}, 'w').close()")
    (tmp_path / "names.json").write_text(json.dumps({"game": str(title)}))
    assert run(stock, "--card", tmp_path / "names.json", "--out", tmp_path / "rival.onnx") == 0
    assert not (tmp_path / "trace").exists()


def test_trust_finds_a_zip_that_tells_of_itself_what_is_not_true(tmp_path: Path, stock: Path, capsys: Any) -> None:
    """The readable text says ReLU; the pickle beside it, which the real class believes, says what was trained."""
    lying, out = tmp_path / "lying.zip", tmp_path / "rival.onnx"
    with zipfile.ZipFile(stock) as old, zipfile.ZipFile(lying, "w") as new:
        data = json.loads(old.read("data"))
        pickled = base64.b64encode(pickle.dumps({})).decode()
        relu = "<class 'torch.nn.modules.activation.ReLU'>"
        data["policy_kwargs"] = {":type:": "<class 'dict'>", ":serialized:": pickled, "activation_fn": relu}
        for name in old.namelist():
            new.writestr(name, json.dumps(data) if name == "data" else old.read(name))
    assert run(lying, "--out", out) == 0
    out.unlink()
    assert run(lying, "--trust", "--out", out) == 2
    assert "is not true" in capsys.readouterr().err and not out.exists()


def test_a_memory_of_sb3_contrib_is_trusted_too(tmp_path: Path, capsys: Any) -> None:
    model = RecurrentPPO(
        "MlpLstmPolicy",
        SB3VecEnv("flappy", 2),
        n_steps=8,
        batch_size=8,
        device="cpu",
        policy_kwargs={"lstm_hidden_size": 8},
    )
    model.learn(16)
    model.save(tmp_path / "model.zip")
    assert run(tmp_path / "model.zip", "--game", "flappy", "--trust", "--out", tmp_path / "rival.onnx") == 0
    assert len(agreed("RecurrentPPO", capsys.readouterr().out)) == 2


WRONG = {
    "pong --out {new}": "is a policy file already; give --distill small",
    "{run} --role paddle --out {new}": "leave them out",
    "{run} --out {old}": "exists already",
    "{run} --out {new}.txt": "must end in .onnx",
    "nothing --out {new}": "neither the folder of a run",
    "program.pt2 --out {new}": "export_module",
    "{zip} --game tanks --out {new}": "which is no features of tanks as tank",
    "{zip} --game pong --role thief --out {new}": "has no role 'thief'",
    "{zip} --card {odd} --out {new}": "it may say",
    "{zip} --stack 2 --out {new}": "cannot be shared out",
    "{zip} --distill small --out {new}": "which is no title",
    "pong --distill small --minutes 0 --out {new}": "--minutes is a number above 0",
    "pong --distill small --matches 1 --out {new}": "at least 2 matches",
}


@pytest.mark.parametrize("line", WRONG)
def test_what_cannot_be_exported_gets_one_sentence(
    line: str, finished: Run, stock: Path, tmp_path: Path, capsys: Any
) -> None:
    places = {
        "new": tmp_path / "new.onnx",
        "old": tmp_path / "old.onnx",
        "run": finished.path,
        "zip": stock,
        "odd": tmp_path / "odd.json",
    }
    places["old"].touch()
    places["odd"].write_text('{"colour": 1}')
    assert run(*line.format(**places).split()) == 2
    said = capsys.readouterr().err.strip().splitlines()
    assert len(said) == 1 and WRONG[line] in said[0]
    assert not places["new"].exists()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """A minute passes in sixty looks at the clock, however fast the machine is."""
    monkeypatch.setattr(distill, "time", SimpleNamespace(monotonic=map(float, count()).__next__))


def test_a_student_is_smaller_and_tells_its_own_figures(clock: None, tmp_path: Path, capsys: Any) -> None:
    out = tmp_path / "small.onnx"
    assert run("pong", "--distill", "small", "--minutes", "1", "--matches", "20", "--out", out) == 0
    said = capsys.readouterr().out
    assert all(words in said for words in ("before", "after", "wins against hard", "size, KiB", "µs a decision"))
    student, teacher = PolicyFile.load(out), PolicyFile.load("pong")
    assert out.stat().st_size < shipped()["pong"].stat().st_size / 2
    assert student.card.skill["vs_easy"]["matches"] == 20 and student.card.skill["vs_easy"]["win_rate"][0] > 0.5
    assert student.card.training["algorithm"] == "distilled from pong" and "ladder" not in student.card.ratings
    assert student.card.training["teacher"] == teacher.card.training


@pytest.mark.parametrize("name", ["snake", "pong_recurrent_dqn", "breakout_planes", "heist_guard"])
def test_students_of_every_kind_come_nearer_to_their_teachers(
    name: str, clock: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With masks, with a memory and Q-values, with pictures, in a team."""
    monkeypatch.setattr(distill, "ROWS", 48)
    monkeypatch.setattr(distill, "BATCH", 24)
    monkeypatch.setattr(distill, "PICTURES", 12)
    teacher, told = PolicyFile.load(name), list[str]()
    student, decisions = distil(teacher, registry.load(teacher.card.game), minutes=0.5, say=told.append)
    nats = [float(re.findall(r"([\d.]+) nats", line)[0]) for line in told]
    assert nats[-1] < nats[0] * 0.9 and decisions == 30 * 48 * 32
    assert bool(student.states) == bool(teacher.card.recurrent)
