"""A run leaves behind what it promises, and the policy file plays as the network did."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from npckit.agents.match import Match
from npckit.agents.policy_file import PolicyFile
from npckit.agents.seats import BotAgent, PolicyAgent
from npckit.errors import UserError
from npckit.games import registry
from npckit.games.contract import Game
from npckit.train import Run, TrainConfig, evaluate, run
from npckit.train.models import policy_agent
from PIL import Image
from stable_baselines3 import PPO
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

SCALARS = {
    "rollout/score", "rollout/perf", "time/samples_per_second", "match/win_rate_vs_random", "match/win_rate_vs_easy",
    "match/win_rate_vs_normal", "match/win_rate_vs_hard", "match/score_vs_hard", "train/loss", "train/value_loss",
    "train/policy_gradient_loss", "train/approx_kl", "train/clip_fraction", "train/learning_rate", "events/hit_per_episode",
}  # fmt: skip


@pytest.fixture(scope="session")
def charts(finished: Run) -> EventAccumulator:
    """What TensorBoard reads of the finished run."""
    return EventAccumulator(str(finished.path), size_guidance={"tensors": 0, "images": 0}).Reload()


def test_a_run_keeps_config_seed_versions_checkpoints_results_and_policy(finished: Run) -> None:
    reopened = Run.open(finished.path)
    assert reopened.config == finished.config and reopened.config.seed == 0
    assert reopened.results == finished.results
    assert reopened.policy.is_file() and len(reopened.checkpoints) == 3
    assert json.loads((finished.path / "versions.json").read_text())["torch"] == torch.__version__
    assert not list(finished.path.glob("**/.*"))


def test_the_saved_config_is_resolved(finished: Run) -> None:
    assert finished.config.opponents["learner"] == 0.5 and finished.config.stack == 1 and finished.config.threads == 1


def test_the_card_tells_the_training_and_the_measured_skill(finished: Run) -> None:
    card = PolicyFile.load(finished.policy).card
    assert (card.game, card.output, card.observation.kind) == ("pong", "logits", "features")
    assert card.training["samples"] == finished.results["samples"]
    assert card.skill["vs_hard"]["matches"] == 8
    rates = {each["opponent"]: each["win_rate"]["mean"] for each in finished.results["matches"]}
    assert card.skill["vs_easy"]["win_rate"][0] == pytest.approx(rates["easy"])


@pytest.mark.parametrize(
    ("algorithm", "obs"),
    [
        ("ppo", "features"),
        ("ppo", "planes"),
        ("ppo", "pixels"),
        ("ppo", "both"),
        ("dqn", "features"),
        ("dqn", "pixels"),
    ],
)
def test_the_policy_file_plays_whole_matches_as_the_torch_policy_does(
    algorithm: str, obs: str, make_tiny: Callable[..., TrainConfig], tmp_path: Path, pong: Game
) -> None:
    options: dict[str, Any] = {"total_samples": 2048, "size": (24, 24), "eval_every": 0, "final_matches": 2}
    done = run(make_tiny(tmp_path / "run", algorithm=algorithm, obs=obs, **options), quiet=True)
    torch_policy = policy_agent(done.load_model(), done.config)
    onnx_policy = PolicyAgent(PolicyFile.load(done.policy))
    outcomes = [
        Match(pong, [each, BotAgent("easy")], num_games=4, seed=5).play() for each in (torch_policy, onnx_policy)
    ]
    assert np.array_equal(outcomes[0].scores, outcomes[1].scores)
    assert np.array_equal(outcomes[0].ticks, outcomes[1].ticks)
    assert np.array_equal(outcomes[0].event_counts, outcomes[1].event_counts)
    assert done.results["parity"] < 1e-4


def test_equal_configs_give_equal_policies(make_tiny: Callable[..., TrainConfig], tmp_path: Path) -> None:
    options = {"total_samples": 8192, "eval_every": 4096, "final_matches": 2}
    one, other = (run(make_tiny(tmp_path / name, **options), quiet=True).load_model() for name in "ab")
    for mine, yours in zip(one.policy.parameters(), other.policy.parameters(), strict=True):
        assert torch.equal(mine, yours)


def test_a_policy_that_is_sampled_plays_so_everywhere(make_tiny: Callable[..., TrainConfig], tmp_path: Path) -> None:
    options = {"total_samples": 8192, "final_matches": 40}
    done = [
        run(make_tiny(tmp_path / f"{sampled}{every}", sampled=sampled, eval_every=every, **options), quiet=True)
        for sampled, every in ((False, 0), (True, 0), (True, 2048))
    ]
    policies = [PolicyFile.load(each.policy) for each in done]
    assert [policy.card.temperature for policy in policies] == [0, 1, 1]
    assert done[1].results["matches"] != done[0].results["matches"]
    greedy, drawn, told = (
        Match(registry.load("pong"), [agent, BotAgent("easy")], num_games=40, seed=5).play().scores.tolist()
        for agent in (PolicyAgent(policies[1], temperature=0.0), PolicyAgent(policies[1], temperature=1.0), PolicyAgent(policies[1]))
    )  # fmt: skip
    assert drawn == told != greedy
    weights = [each.load_model().policy.state_dict() for each in done]  # to look at it changes nothing
    assert all(torch.equal(value, other[name]) for other in weights for name, value in weights[0].items())


def test_values_are_no_chances_to_draw_by() -> None:
    with pytest.raises(UserError, match="sampled"):
        TrainConfig("pong", algorithm="dqn", sampled=True)


def test_tensorboard_holds_the_promised_curves(charts: EventAccumulator) -> None:
    assert set(charts.Tags()["scalars"]) >= SCALARS


def test_tensorboard_holds_the_resolved_config_as_text_and_the_hyperparameters(
    charts: EventAccumulator, finished: Run
) -> None:
    text = charts.Tensors("config/text_summary")[0].tensor_proto.string_val[0].decode()
    assert (finished.path / "config.toml").read_text() in text
    hparams = charts.SummaryMetadata("_hparams_/session_start_info").plugin_data.content
    assert b"ppo.clip_range" in hparams


def test_tensorboard_holds_an_animated_match(charts: EventAccumulator) -> None:
    picture = Image.open(io.BytesIO(charts.Images("match/vs_hard")[-1].encoded_image_string))
    assert picture.format == "GIF" and getattr(picture, "n_frames", 1) > 30
    colours = picture.convert("RGB").getcolors(1000) or []
    assert len(colours) >= 4  # background, two paddles, ball


def test_a_stock_loader_reads_the_checkpoints(finished: Run) -> None:
    model = PPO.load(finished.checkpoints[0], device="cpu")
    assert 0 < model.num_timesteps < finished.results["samples"]


def test_a_run_never_enters_a_folder_that_holds_something(
    make_tiny: Callable[..., TrainConfig], tmp_path: Path
) -> None:
    keep = tmp_path / "mine" / "thesis.txt"
    keep.parent.mkdir()
    keep.write_text("years of work")
    with pytest.raises(UserError, match="exists already"):
        run(make_tiny(keep.parent), quiet=True)
    assert keep.read_text() == "years of work" and len(list(keep.parent.iterdir())) == 1


def test_a_folder_that_cannot_be_written_is_refused(make_tiny: Callable[..., TrainConfig], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="choose another folder with --out"):
        run(make_tiny(tmp_path / "file" / "run"), quiet=True)


def test_runs_without_a_name_take_the_next_number(
    make_tiny: Callable[..., TrainConfig],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    options: dict[str, Any] = {"total_samples": 2048, "eval_every": 0, "final_matches": 2}
    runs = [run(replace(make_tiny(Path()), out="", **options)) for _ in range(2)]
    assert [str(each.path) for each in runs] == ["runs/pong-ppo-features-001", "runs/pong-ppo-features-002"]
    told = capsys.readouterr().out
    for command in ("npckit watch pong ", "npckit play pong --against ", "npckit evaluate ", "npckit tensorboard "):
        assert f"{command}runs/pong-ppo-features-001" in told


def test_a_run_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no config\.toml"):
        Run.open(tmp_path)


def test_a_title_with_roles_and_masks_trains_and_its_policy_plays(
    lantern: Game, make_tiny: Callable[..., TrainConfig], tmp_path: Path
) -> None:
    config = make_tiny(
        tmp_path / "run", game=str(registry.folder_of(lantern)), opponents={"hard": 1.0}, total_samples=8192
    )
    done = run(config, quiet=True)
    figures = evaluate(done.policy, game=config.game, against=["easy"], matches=8)
    assert figures[0].win_rate is not None and len(done.results["matches"]) == 3


def test_the_second_role_is_trained_in_all_its_seats_and_the_next_commands_fit(
    make_tiny: Callable[..., TrainConfig], tmp_path: Path, lantern: Game, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(registry.folder_of(lantern))
    settings = {"game": folder, "role": "chaser", "num_envs": 33, "total_samples": 4_000}
    done = run(make_tiny(tmp_path / "run", **settings), quiet=False)
    assert done.config.num_envs == 32
    assert PolicyFile.load(done.policy).card.role == "chaser"
    told = capsys.readouterr().out
    assert f"npckit watch {folder} hard hard {done.policy} {done.policy}" in told
    assert f"npckit play {folder} --against {done.policy}" in told
    figures = evaluate(done.path, game=folder, matches=4, against=("easy",))
    assert figures[0].win_rate is not None


def test_a_title_of_several_seat_counts_is_trained_with_fewer(
    make_tiny: Callable[..., TrainConfig], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    done = run(make_tiny(tmp_path / "run", game="snake", seats=1, total_samples=4_000), quiet=False)
    assert [each["opponent"] for each in done.results["matches"]] == [""]
    told = capsys.readouterr().out
    assert f"npckit watch snake {done.policy} --seats 1" in told
    assert "npckit play" not in told
    assert evaluate(done.path, matches=4)[0].win_rate is None
    with pytest.raises(UserError, match="played alone with one seat"):
        evaluate(done.path, matches=4, against=("easy",))
