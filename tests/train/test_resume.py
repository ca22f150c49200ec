"""A run that was stopped anywhere and gone on with is the run that never stopped, bit for bit; what cannot be gone on with is refused."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from npckit import cli
from npckit.agents.policy_file import PolicyFile, with_card
from npckit.errors import UserError
from npckit.games import registry
from npckit.train import DQNConfig, PoolConfig, PPOConfig, Run, TrainConfig, resume, run
from npckit.train.config import ALGORITHMS
from npckit.train.config_file import to_toml
from npckit.train.resuming import check_same
from npckit.train.run_folder import held
from npckit.train.stopping import Stopping
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

N = 1024  # a checkpoint is made here, and the run ends after twice as many samples
DQN = DQNConfig(buffer_size=800, batch_size=32, learning_starts=256, gradient_steps=1, target_update_interval=200)
Make = Callable[..., TrainConfig]


@pytest.fixture
def small(make_tiny: Make, tmp_path: Path) -> Make:
    """A config of 2N samples; the learners' buffers are small enough to be filled more than once."""

    def make(name: str, **options: Any) -> TrainConfig:
        settings: dict[str, Any] = {
            "total_samples": 2 * N, "num_envs": 16, "hidden": (16,), "eval_every": N, "eval_matches": 2, "final_matches": 2,
            "checkpoint_every": N // 2, "ppo": PPOConfig(n_steps=16, batch_size=64),
            "dqn": DQN,
        }  # fmt: skip
        return make_tiny(tmp_path / name, **{**settings, **options})

    return make


@pytest.fixture
def killed(dying: Callable[[int], AbstractContextManager[None]]) -> Callable[..., Run]:
    """Trains, and stops dead after so many samples."""

    def train(config: TrainConfig, samples: int = N + N // 4 + 16) -> Run:
        with dying(samples):
            run(config, quiet=True)
        return Run.open(config.out)

    return train


def learnt(done: Run) -> dict[str, torch.Tensor]:
    """Every tensor of the last checkpoint's policy and optimiser, by name."""
    model = done.load_model()
    tensors = {f"policy.{name}": value for name, value in model.policy.state_dict().items()}
    for number, moments in model.policy.optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{number}.{name}": torch.as_tensor(value) for name, value in moments.items()}
    return tensors


def bare_policy(done: Run) -> bytes:
    """The exported policy with no seconds in its card."""
    card = PolicyFile.load(done.policy).card
    return with_card(done.policy.read_bytes(), replace(card, training={**card.training, "seconds": 0}))


def assert_equal_runs(one: Run, other: Run) -> None:
    assert one.results["samples"] == other.results["samples"] == 2 * N
    assert one.load_model()._n_updates == other.load_model()._n_updates > 0
    mine, yours = learnt(one), learnt(other)
    assert mine.keys() == yours.keys() and any(name.startswith("optimizer") for name in mine)
    assert [name for name in mine if not torch.equal(mine[name], yours[name])] == []
    assert bare_policy(one) == bare_policy(other)
    assert one.results["matches"] == other.results["matches"] and one.results["score"] == other.results["score"]


WORLDS: dict[str, dict[str, Any]] = {
    "self-play with a pool, others guessed at": {
        "opponents": {"learner": 0.25, "pool": 0.75},
        "pool": PoolConfig(every=N // 4, members=("easy",)),
        "ppo": PPOConfig(n_steps=16, batch_size=64, belief_coef=1.0, asymmetric_critic=True),
    },
    "drawn actions, at evaluations too": {"game": "pong", "sampled": True},
    "stacked planes, moved about": {"obs": "planes", "shift": 1, "game": "pong"},
    "masked features, normalised": {
        "game": "snake",
        "normalize_obs": True,
        "normalize_reward": True,
        "dqn": replace(DQN, prioritized=True, dueling=True),
    },
}
TAUGHT = {  # for who imitates
    "game": "invaders",
    "opponents": {"random": 1.0},
    "teacher": "hard",
    "shaping": 0.5,
    "ppo": PPOConfig(n_steps=16, batch_size=64, teacher_fraction=0.9),
}
CASES = [
    *(
        (algorithm, name, world)
        for algorithm in ALGORITHMS
        for name, world in WORLDS.items()
        if "ppo" in algorithm or "sampled" not in world
    ),
    *((algorithm, "taught", TAUGHT) for algorithm in ALGORITHMS if "ppo" in algorithm),
]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("algorithm", "world"), [(each[0], each[2]) for each in CASES], ids=[f"{each[0]}-{each[1]}" for each in CASES]
)
def test_a_resumed_run_equals_the_uninterrupted_one_bit_for_bit(
    algorithm: str, world: dict[str, Any], small: Make, killed: Callable[..., Run]
) -> None:
    options = {
        "algorithm": algorithm,
        "opponents": {"learner": 0.5, "random": 0.25, "hard": 0.25},
        "eval_every": 0,
        **world,
    }
    whole = run(small("whole", **options), quiet=True)
    assert killed(small("stopped", **options)).results == {}
    torch.manual_seed(99)  # another process begins elsewhere
    np.random.seed(99)  # noqa: NPY002
    gone_on = resume(small("stopped").out, quiet=True)
    assert gone_on.results["resumed"] == [N]
    assert_equal_runs(whole, gone_on)


@pytest.fixture
def at_n_somebody_asks(monkeypatch: pytest.MonkeyPatch) -> Callable[[], AbstractContextManager[None]]:
    """A stretch in which runs are interrupted, as by Ctrl-C, in the last step of the rollout that ends with N samples."""

    @contextmanager
    def stretch() -> Iterator[None]:
        def ask(self: Stopping) -> bool:
            if self.model.num_timesteps >= N:
                self._asked.set()
            return True

        with monkeypatch.context() as patch:
            patch.setattr(Stopping, "_on_step", ask)
            yield

    return stretch


def test_a_run_may_be_stopped_again_and_again(
    small: Make, killed: Callable[..., Run], at_n_somebody_asks: Callable[[], AbstractContextManager[None]]
) -> None:
    whole = run(small("whole"), quiet=True)
    stopped = killed(small("stopped"), samples=N // 2 + 100)
    with at_n_somebody_asks():
        again = resume(stopped.path, quiet=True)
    assert again.results["interrupted"] and again.results["samples"] == N  # what was under way has been learnt from
    last = resume(stopped.path, quiet=True)
    assert last.results["resumed"] == [N // 2, N] and not last.results["interrupted"]
    assert_equal_runs(whole, last)


def test_a_run_that_was_killed_while_it_was_measured_is_measured_again(
    small: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    from npckit.train.evaluating import Evaluation

    def die(*_: Any) -> None:
        raise SystemExit

    config = small("run", eval_every=0)
    with monkeypatch.context() as patch:
        patch.setattr(Evaluation, "evaluate", die)
        with pytest.raises(SystemExit):
            run(config, quiet=True)
    done = resume(config.out, quiet=True)
    assert done.results["samples"] == 2 * N and done.results["resumed"] == [2 * N] and done.policy.is_file()


@pytest.mark.parametrize("end", ["killed", "interrupted"])
def test_charts_of_a_resumed_run_have_every_point_once(
    end: str,
    small: Make,
    killed: Callable[..., Run],
    at_n_somebody_asks: Callable[[], AbstractContextManager[None]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("npckit.train.metrics.LOG_SECONDS", 0.0)  # a point for every rollout
    config = small("stopped")
    if end == "killed":
        killed(config, samples=2 * N - 16)
    else:
        with at_n_somebody_asks():
            run(config, quiet=True)
    resume(config.out, quiet=True)
    charts = EventAccumulator(config.out, size_guidance={"scalars": 0, "images": 0, "tensors": 0}).Reload()
    for tag in charts.Tags()["scalars"]:
        steps = [point.step for point in charts.Scalars(tag)]
        assert steps == sorted({*steps}) and steps[-1] == 2 * N
    assert {N - 256, N, N + 256, 2 * N} <= {point.step for point in charts.Scalars("train/loss")}
    assert [point.step for point in charts.Images("match/vs_hard")] == [N, 2 * N]
    assert len(charts.Tensors("config/text_summary")) == 1


def test_the_last_three_checkpoints_are_kept_and_one_replay_buffer(small: Make) -> None:
    done = run(small("run", algorithm="dqn", eval_every=0), quiet=True)
    names = sorted(path.name for path in (done.path / "checkpoints").iterdir())
    samples = [f"{count:012d}" for count in (N, 3 * N // 2, 2 * N)]
    assert names == sorted([*(f"{each}.zip" for each in samples), f"{samples[-1]}.replay"])


def test_a_checkpoint_without_its_replay_buffer_is_passed_over(small: Make, killed: Callable[..., Run]) -> None:
    stopped = killed(small("stopped", algorithm="dqn", eval_every=0))
    before = stopped.checkpoints[-1]
    shutil.copy(before, stopped.checkpoint_of(N + 16))  # as a kill may not leave it, but a careless hand
    assert resume(stopped.path, quiet=True).results["resumed"] == [int(before.stem)]


def test_drafts_of_a_killed_process_are_ignored_and_removed(small: Make, killed: Callable[..., Run]) -> None:
    stopped = killed(small("stopped"))
    drafts = [stopped.path / ".results.json.7.tmp", stopped.path / "checkpoints" / ".000000009999.zip.7.tmp"]
    for draft in drafts:
        draft.write_bytes(b"half")
    resume(stopped.path, quiet=True)
    assert not any(draft.exists() for draft in drafts)


def test_a_run_that_has_ended_goes_on_for_longer_where_it_is_asked_to(small: Make) -> None:
    config = small("short")
    run(config, quiet=True)
    assert cli.main(["train", "--resume", config.out, "--total-samples", str(4 * N)]) == 0
    longer = Run.open(config.out)
    assert longer.results["samples"] >= 4 * N == longer.config.total_samples
    assert longer.results["resumed"] == [config.total_samples]
    for fewer in (4 * N, N):
        with pytest.raises(UserError, match="give more --total-samples"):
            resume(longer.path, total_samples=fewer)


# --- refusals ---------------------------------------------------------------------------------------------------------------


def test_what_is_no_run_has_ended_or_has_saved_nothing_is_refused(finished: Run, small: Make, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"is not the folder of a run"):
        resume(tmp_path)
    with pytest.raises(UserError, match=r"has ended after .* samples; there is nothing to go on with"):
        resume(finished.path)
    empty = tmp_path / "empty"
    (empty / "checkpoints").mkdir(parents=True)
    (empty / "config.toml").write_text(to_toml(small("empty")))
    with pytest.raises(UserError, match="no complete checkpoint yet"):
        resume(empty)


def test_a_changed_setting_is_named_and_one_that_bears_on_nothing_is_not(
    small: Make, killed: Callable[..., Run]
) -> None:
    stopped = killed(small("stopped"))
    text = (stopped.path / "config.toml").read_text()
    for old, new, name in (
        ("num_envs = 16", "num_envs = 32", "num_envs"),
        ("n_epochs = 4", "n_epochs = 5", r"ppo\.n_epochs"),
    ):
        (stopped.path / "config.toml").write_text(text.replace(old, new))
        with pytest.raises(UserError, match=rf"says {name} = .*; change it back"):
            resume(stopped.path, quiet=True)
    changed = text.replace("final_matches = 2", "final_matches = 4").replace("sampled = false", "sampled = true")
    (stopped.path / "config.toml").write_text(changed)
    done = resume(stopped.path, quiet=True)
    assert done.results["matches"][0]["matches"] == 4 and PolicyFile.load(done.policy).card.temperature == 1


def test_a_setting_that_is_younger_than_the_checkpoint_is_as_usual(small: Make, killed: Callable[..., Run]) -> None:
    config = small("stopped")
    about = {"rules_version": 1, "config": asdict(config)}
    del about["config"]["ppo"]["asymmetric_critic"]
    game = registry.load("pong")
    past = SimpleNamespace(about=about, run=SimpleNamespace(path="stopped"))
    check_same(past, config, game)
    with pytest.raises(UserError, match=r"ppo\.asymmetric_critic = True, and the run began with False"):
        check_same(past, replace(config, ppo=replace(config.ppo, asymmetric_critic=True)), game)


def test_changed_rules_are_refused(small: Make, killed: Callable[..., Run], monkeypatch: pytest.MonkeyPatch) -> None:
    stopped = killed(small("stopped"))
    game = registry.load("pong")
    newer = replace(game, spec=replace(game.spec, version=game.spec.version + 1))
    monkeypatch.setattr("npckit.train.config.registry.load", lambda _: newer)
    with pytest.raises(UserError, match="these are version"):
        resume(stopped.path, quiet=True)


def test_a_damaged_checkpoint_is_named(small: Make, killed: Callable[..., Run]) -> None:
    stopped = killed(small("stopped"))
    last = stopped.checkpoints[-1]
    last.write_bytes(last.read_bytes()[:-1000])
    with pytest.raises(UserError, match=rf"{last.name} cannot be gone on from"):
        resume(stopped.path, quiet=True)


def test_a_network_of_another_version_is_named(
    small: Make, killed: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped = killed(small("stopped", obs="planes"))
    monkeypatch.setattr("npckit.agents.learners.networks.PLACES", 8)
    for go_on in (stopped.load_model, lambda: resume(stopped.path, quiet=True)):
        with pytest.raises(UserError, match=rf"{stopped.checkpoints[-1].name} holds another network"):
            go_on()


def test_a_run_that_goes_on_elsewhere_is_left_alone(small: Make, killed: Callable[..., Run]) -> None:
    stopped = killed(small("stopped"))
    with held(stopped.path), pytest.raises(UserError, match="is being trained just now"):
        resume(stopped.path, quiet=True)


@pytest.mark.parametrize(
    "flags",
    [
        ["pong", "--resume", "x"],
        ["--resume"],
        ["--resume", "x", "--seed", "3"],
        ["--resume=x", "y"],
        ["--resume", "x", "--total-samples", "many"],
    ],
)
def test_resume_stands_alone_on_the_command_line(flags: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["train", *flags]) == 2
    assert "npckit train --resume RUN stands alone" in capsys.readouterr().err


def test_a_replay_buffer_above_the_limit_is_refused_before_the_run(small: Make, tmp_path: Path) -> None:
    config = small("run", algorithm="dqn", checkpoint_limit_mb=1, dqn=DQNConfig(buffer_size=1_000_000))
    with pytest.raises(UserError, match=r"lower dqn\.buffer_size, or raise checkpoint_limit_mb"):
        run(config, quiet=True)
    assert not (tmp_path / "run").exists()


def test_results_tell_where_a_run_was_gone_on_with(
    small: Make, killed: Callable[..., Run], capsys: pytest.CaptureFixture[str]
) -> None:
    stopped = killed(small("stopped"))
    assert cli.main(["train", "--resume", str(stopped.path)]) == 0
    told = capsys.readouterr().out
    assert "going on at 1k samples" in told and "gone on with at 1k" in told
    assert json.loads((stopped.path / "results.json").read_text())["resumed"] == [N]
