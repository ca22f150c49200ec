"""What a run shows in TensorBoard is what docs/tensorboard.md explains, and it is true."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import npckit
import numpy as np
import pytest
import torch
from npckit import cli
from npckit.errors import UserError
from npckit.games.contract import Game
from npckit.train import DQNConfig, PPOConfig, Run, TrainConfig, run
from npckit.train.board import named, one_folder
from npckit.train.config import resolved
from npckit.train.gathering import Happenings, Means
from npckit.train.metrics import Metrics
from npckit.train.models import Budget, build_env, build_model
from npckit.train.network_text import describe
from npckit.train.progress import Silent, Status
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.backend.event_processing.event_multiplexer import EventMultiplexer

PAGE = Path(npckit.__file__).parent / "docs" / "tensorboard.md"
SUMMARY = "/text_summary"  # what TensorBoard adds to the name of a text


def explained() -> set[str]:
    """The tags that the first column of the page's tables names, and its texts."""
    text = PAGE.read_text()
    cells = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    texts = re.findall(r"`(\w+)`", text[text.index("## Texts") :])
    return {tag for cell in cells for tag in re.findall(r"`([^`]+)`", cell)} | ({"config", "network"} & {*texts})


def fits(tag: str, pattern: str) -> bool:
    """Whether a tag is what the page means: `<name>` stands for any name."""
    return re.fullmatch(re.sub(r"<\w+>", "[^/]+", pattern), tag) is not None


def tags_of(path: Path) -> set[str]:
    told = EventAccumulator(str(path), size_guidance={"tensors": 0}).Reload().Tags()
    texts = {tag.removesuffix(SUMMARY) for tag in told["tensors"]}
    return {*told["scalars"], *told["images"], *told["histograms"], *texts}


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory, make_tiny: Callable[..., TrainConfig]) -> Run:
    """A DQN run of a title that is played alone."""
    dqn = DQNConfig(learning_starts=512, buffer_size=4096, batch_size=64)
    options: dict[str, Any] = {
        "game": "flappy",
        "algorithm": "dqn",
        "total_samples": 4096,
        "dqn": dqn,
        "eval_every": 2048,
    }
    return run(make_tiny(tmp_path_factory.mktemp("runs") / "alone", **options), quiet=True)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory, make_tiny: Callable[..., TrainConfig]) -> Run:
    """A PPO run that tells features from planes, guesses what others perceive, is shown what to do, and plays against its pool."""
    ppo = PPOConfig(n_steps=32, batch_size=1024, feature_coef=10.0, belief_coef=1.0, teacher_coef=1.0)
    options: dict[str, Any] = {
        "obs": "planes", "cnn": "tiny", "total_samples": 32768, "eval_every": 0, "ppo": ppo, "opponents": {"pool": 1.0}, "teacher": "easy",
    }  # fmt: skip
    return run(make_tiny(tmp_path_factory.mktemp("runs") / "told", **options), quiet=True)


@pytest.fixture(scope="module")
def tags(finished: Run, alone: Run, told: Run) -> set[str]:
    return tags_of(finished.path) | tags_of(alone.path) | tags_of(told.path)


def test_every_chart_of_a_run_is_explained(tags: set[str]) -> None:
    hidden = {tag for tag in tags if tag.startswith("_hparams_")}
    assert {tag for tag in tags - hidden if not any(fits(tag, each) for each in explained())} == set()


def test_every_chart_that_is_explained_exists(tags: set[str]) -> None:
    on_a_gpu = set() if torch.cuda.is_available() else {"time/gpu_memory_mb"}
    assert {each for each in explained() - on_a_gpu if not any(fits(tag, each) for tag in tags)} == set()


def test_the_page_shows_only_pictures_that_exist() -> None:
    for name in re.findall(r"!\[.*?\]\((.*?)\)", PAGE.read_text()):
        assert (PAGE.parent / name).stat().st_size < 300_000


@pytest.fixture(scope="module")
def curves(finished: Run) -> EventAccumulator:
    return EventAccumulator(str(finished.path), size_guidance={"scalars": 0, "histograms": 0}).Reload()


def test_the_shares_of_the_actions_are_those_of_the_histogram(curves: EventAccumulator, pong: Game) -> None:
    names = pong.spec.actions_of(pong.spec.roles[0])
    for point, event in enumerate(curves.Histograms("actions/histogram")):
        shares = [curves.Scalars(f"actions/{name}")[point].value for name in names]
        counts = np.array(event.histogram_value.bucket)
        assert sum(shares) == pytest.approx(1)
        assert counts / counts.sum() == pytest.approx(shares)


def test_every_sample_of_a_run_is_counted_in_the_actions(curves: EventAccumulator, finished: Run) -> None:
    counted = sum(event.histogram_value.num for event in curves.Histograms("actions/histogram"))
    assert counted == finished.results["samples"]


def test_the_parts_of_the_time_are_no_more_than_the_whole(curves: EventAccumulator) -> None:
    parts = [curves.Scalars(f"time/{part}_share") for part in ("simulate", "infer", "learn")]
    for shares in zip(*parts, strict=True):
        assert all(each.value > 0 for each in shares)
        assert sum(each.value for each in shares) <= 1.01


def test_no_curve_has_two_points_at_one_moment(curves: EventAccumulator) -> None:
    for tag in curves.Tags()["scalars"]:
        steps = [point.step for point in curves.Scalars(tag)]
        assert steps == sorted(set(steps)), tag


class Stub:
    """A learner as the callback sees it; its updates are recorded by the test."""

    def __init__(self) -> None:
        self.num_timesteps, self.ep_info_buffer, self.written = 0, [], list[tuple[int, dict[str, Any]]]()
        self.logger = SimpleNamespace(name_to_value={}, dump=self._dump, record=self._record)

    def _record(self, name: str, value: Any) -> None:
        self.logger.name_to_value[name] = value

    def _dump(self, step: int) -> None:
        self.written.append((step, dict(self.logger.name_to_value)))
        self.logger.name_to_value.clear()


@pytest.fixture
def metrics(pong: Game) -> Metrics:
    """For a stock learner: no tally, no split."""
    budget = Budget(0)
    budget.start()
    config = TrainConfig("pong", role=pong.spec.roles[0], seats=2)
    callback = Metrics(config, pong, budget, Status(), Silent())
    callback.init_callback(Stub())  # type: ignore[arg-type]
    callback.on_training_start({}, {})
    return callback


def _update(metrics: Metrics, samples: int, **records: float) -> None:
    for name, value in records.items():
        metrics.logger.record(f"train/{name}", value)
    metrics.model.num_timesteps = samples
    metrics.on_rollout_start()


def test_what_a_learner_records_between_two_points_is_averaged(metrics: Metrics) -> None:
    _update(metrics, 10, loss=9.0)  # the first point comes at once
    for samples, loss in ((20, 1.0), (30, 2.0), (40, 6.0)):
        _update(metrics, samples, loss=loss, n_updates=samples)
    metrics.log()
    written: Any = metrics.model
    assert [step for step, _ in written.written] == [10, 40]
    assert written.written[1][1]["train/loss"] == 3.0 and written.written[1][1]["train/n_updates"] == 40


def test_a_stock_learner_without_tally_or_split_has_fewer_charts_and_no_trouble(metrics: Metrics) -> None:
    _update(metrics, 10, loss=1.0)
    written: Any = metrics.model
    tags = {*written.written[0][1]}
    assert {"train/loss", "time/samples_per_second"} <= tags
    assert not {tag for tag in tags if tag.startswith(("actions/", "events/")) or tag.endswith("_share")}


def test_a_checkpoint_keeps_what_came_together_since_the_last_point(metrics: Metrics, pong: Game) -> None:
    _update(metrics, 10)
    _update(metrics, 20, loss=1.0)
    metrics.paused = 2.5
    state = metrics.state()
    other = Metrics(TrainConfig("pong", role="paddle", seats=2), pong, Budget(0), Status(), Silent())
    other.init_callback(Stub())  # type: ignore[arg-type]
    other.set_state(state)
    assert other.state() == state and other.paused == 2.5


def test_a_mean_leaves_out_what_is_no_number() -> None:
    means = Means()
    for value in (1.0, float("nan"), 3.0):
        means.add({"train/explained_variance": value})
    assert means.take() == {"train/explained_variance": 2.0} and means.take() == {}


def test_happenings_add_up_until_they_are_cleared() -> None:
    news = SimpleNamespace(episodes=2, actions=np.array([3, 1]), event_counts=None)
    model = SimpleNamespace(tally=SimpleNamespace(drain=lambda: news))
    happenings = Happenings(actions=2, events=1)
    happenings.draw(model)
    happenings.draw(model)
    assert (happenings.episodes, happenings.actions.tolist(), happenings.events.tolist()) == (4, [6, 2], [0])
    happenings.clear()
    assert happenings.episodes == 0 and not happenings.actions.any()


@pytest.mark.parametrize("algorithm", ["ppo", "dqn"])
def test_the_weights_by_what_they_do_add_up_to_all_that_learn(algorithm: str) -> None:
    config, game = resolved(TrainConfig("pong", algorithm=algorithm, obs="planes", num_envs=4, device="cpu"))
    model = build_model(config, build_env(config, game), Budget(0))
    line, tree = describe(model)
    total, *parts = [int(number.replace(",", "")) for number in re.findall(r"\d[\d,]*", line)]
    learning = model.policy.q_net if algorithm == "dqn" else model.policy
    assert total == sum(parts) == sum(each.numel() for each in learning.parameters())
    assert line in tree and "Conv2d" in tree and "eyes" in line and "other" not in line


def test_runs_are_shown_together_under_their_names(finished: Run, alone: Run) -> None:
    with one_folder([finished.path, alone.path]) as folder:
        shown = EventMultiplexer().AddRunsFromDirectory(str(folder)).Reload()
        assert set(shown.Runs()) == {"finished", "alone"}
        assert "train/loss" in shown.Runs()["alone"]["scalars"]
    assert finished.policy.is_file() and not folder.exists()


def test_one_run_has_its_name_and_a_folder_of_runs_is_shown_as_it_is(finished: Run) -> None:
    with one_folder([finished.path]) as folder:
        assert [path.name for path in folder.iterdir()] == ["finished"]
    with one_folder([finished.path.parent]) as folder:
        assert folder == finished.path.parent


def test_runs_of_one_name_are_told_apart_by_their_folders() -> None:
    paths = [Path("/far/monday/run"), Path("/far/tuesday/run"), Path("/far/tuesday/run")]
    assert [*named(paths)] == ["monday/run", "tuesday/run"]


@pytest.mark.parametrize(("name", "reason"), [("nowhere", "train first"), ("empty", "holds no charts")])
def test_a_folder_without_charts_is_refused(
    name: str, reason: str, finished: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    assert cli.main(["tensorboard", str(finished.path), str(tmp_path / name)]) == 2
    assert reason in capsys.readouterr().err
    with pytest.raises(UserError, match=name), one_folder([tmp_path / name]):
        pass
