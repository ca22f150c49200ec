"""What breaks a run is told in one sentence, and what had been saved stays good."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from npckit import cli
from npckit.errors import Diverged, UserError
from npckit.train import DQNConfig, Run, TrainConfig, resume, run
from npckit.train.checkpoints import check_weights, newest, save
from npckit.train.config import ALGORITHMS, resolved
from npckit.train.config_file import to_toml
from npckit.train.models import Budget, build_env, build_model
from npckit.train.run_folder import create_run
from npckit.train.stopping import Stopping
from stable_baselines3.common.base_class import BaseAlgorithm

Make = Callable[..., TrainConfig]
QUICK: dict[str, Any] = {
    "total_samples": 4096, "num_envs": 32, "hidden": (8,), "eval_every": 0, "final_matches": 2, "checkpoint_every": 1024
}  # fmt: skip
SMALL_DQN = DQNConfig(buffer_size=2000, batch_size=32, learning_starts=256, gradient_steps=1)
FULL = OSError(errno.ENOSPC, "No space left on device")
# A process whose files may not grow beyond 90 KB, and that writes a point of every curve after every rollout.
CRAMPED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (90_000, 90_000))
import npckit.train.metrics
npckit.train.metrics.LOG_SECONDS = 0.0
from npckit.cli import main
sys.exit(main())
"""


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# --- a full disk ------------------------------------------------------------------------------------------------------------


def test_a_disk_that_fills_up_while_saving_leaves_the_checkpoint_before_good(
    make_tiny: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_model = BaseAlgorithm.save
    saved: list[int] = []

    def fill(model: BaseAlgorithm, file: Any) -> None:
        if saved:
            file.write(b"half a checkpoint")
            raise FULL
        save_model(model, file)
        saved.append(model.num_timesteps)

    config = make_tiny(tmp_path / "run", **QUICK)
    with monkeypatch.context() as patch:
        patch.setattr(BaseAlgorithm, "save", fill)
        with pytest.raises(UserError, match=r"No space left on device; .* make room, then npckit train --resume"):
            run(config, quiet=True)
    assert files(tmp_path / "run" / "checkpoints") == [f"{saved[0]:012d}.zip"]
    assert resume(config.out, quiet=True).results["resumed"] == saved


@pytest.mark.slow
def test_a_disk_that_fills_up_under_the_charts_ends_in_one_sentence(start: Callable[..., Any], tmp_path: Path) -> None:
    flags = (
        "--total-samples",
        "1000000000",
        "--checkpoint-every",
        "4000",
        "--eval-every",
        "0",
        "--hidden",
        "8",
        "--threads",
        "1",
    )
    process = start("-c", CRAMPED, "train", "pong", "--out", "run", "--num-envs", "64", *flags)
    _, err = process.communicate(timeout=300)
    assert process.returncode == 2
    assert err.count("\n") == 1 and "File too large; the last good checkpoint is run/checkpoints/" in err
    left = Run.open(tmp_path / "run")
    assert left.load_model().num_timesteps == newest(left).samples
    assert not list(left.path.glob("**/.*"))


def test_a_disk_that_fills_up_at_the_very_end_loses_nothing(
    make_tiny: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise FULL

    config = make_tiny(tmp_path / "run", **QUICK)
    with monkeypatch.context() as patch:
        patch.setattr("npckit.train.runner.write_text", refuse)
        with pytest.raises(UserError, match="No space left"):
            run(config, quiet=True)
    done = resume(config.out, quiet=True)
    assert done.results["samples"] == 4096 and done.policy.is_file()


class Dead(BaseException):
    """The process is gone: nothing that it would have done happens."""


@pytest.fixture
def dying(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], Any]:
    """Lets so many renamings and removals of files happen, and none after that."""

    def die_after(operations: int) -> Any:
        left = iter(range(operations))
        context = monkeypatch.context()
        patch = context.__enter__()
        for name in ("replace", "unlink"):
            real = getattr(Path, name)

            def counted(path: Path, *args: Any, _real: Any = real, **options: Any) -> Any:
                if next(left, None) is None:
                    raise Dead
                return _real(path, *args, **options)

            patch.setattr(Path, name, counted)
        return context

    return die_after


def saving(config: TrainConfig) -> Iterator[None]:
    """Saves four checkpoints, one for each `next`."""
    config, game = resolved(config)
    env = build_env(config, game)
    model: Any = build_model(config, env, Budget(0))
    model.learn(64)
    folder = create_run(config)
    for _ in range(4):
        model.num_timesteps += 64
        yield
        save(folder, model, {"rules_version": game.spec.version}, {})


def test_a_kill_between_any_two_steps_of_saving_leaves_a_whole_checkpoint(
    make_tiny: Make, tmp_path: Path, dying: Callable[[int], Any]
) -> None:
    options = {**QUICK, "algorithm": "dqn", "dqn": SMALL_DQN}
    survived = set()
    for operations in range(100):
        config = make_tiny(tmp_path / f"run{operations}", **options)
        steps = saving(config)
        next(steps)
        next(steps)  # one checkpoint is there
        context = dying(operations)
        try:
            for _ in steps:
                pass
            break  # all was done before the end came
        except Dead:
            pass
        finally:
            context.__exit__(None, None, None)
        left = Run.open(tmp_path / f"run{operations}")
        whole = newest(left)
        assert (whole.about["samples"], whole.path.with_suffix(".replay").is_file()) == (whole.samples, True)
        assert left.load_model().num_timesteps >= whole.samples
        survived.add(whole.samples)
    assert operations > 10 and len(survived) >= 3


# --- numbers that broke -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_broken_numbers_stop_the_run_with_the_last_good_checkpoint(
    algorithm: str, make_tiny: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def poison(self: Stopping) -> bool:
        if self.model.num_timesteps > 2048:
            next(iter(self.model.policy.parameters())).data.fill_(float("nan"))
        return True

    monkeypatch.setattr(Stopping, "_on_step", poison)
    config = make_tiny(tmp_path / "run", algorithm=algorithm, dqn=SMALL_DQN, **QUICK)
    with pytest.raises(
        Diverged, match=r"training broke: .* is nan; .*; the last good checkpoint is .*000000002048\.zip\.$"
    ):
        run(config, quiet=True)
    left = Run.open(tmp_path / "run")
    assert left.checkpoints[-1].stem == "000000002048" and not left.policy.exists() and not left.results
    assert all(weights.isfinite().all() for weights in left.load_model().policy.parameters())


def test_weights_that_are_no_numbers_are_never_saved(finished: Run) -> None:
    model = finished.load_model()
    check_weights(model)
    next(iter(model.policy.parameters())).data[0] = float("inf")
    with pytest.raises(Diverged, match="are not finite"):
        check_weights(model)


# --- too little memory ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
        RuntimeError(
            "[enforce fail at alloc_cpu.cpp:124] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes."
        ),
    ],
    ids=["python", "gpu", "torch"],
)
def test_out_of_memory_says_what_to_lower(
    error: Exception, make_tiny: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: Stopping) -> bool:
        if self.model.num_timesteps > 2048:
            raise error
        return True

    monkeypatch.setattr(Stopping, "_on_step", fail)
    saved = r"memory is used up \(the last good checkpoint is .*000000002048\.zip\)"
    with pytest.raises(UserError, match=saved + r"; lower num_envs \(32\), ppo\.n_steps \(32\) or ppo\.batch_size"):
        run(make_tiny(tmp_path / "run", **QUICK), quiet=True)
    assert newest(Run.open(tmp_path / "run")).samples == 2048


def test_a_buffer_that_no_memory_holds_is_refused_in_a_sentence(
    tmp_path: Path, make_tiny: Make, capsys: pytest.CaptureFixture[str]
) -> None:
    config = make_tiny(tmp_path / "run", algorithm="dqn", dqn=DQNConfig(buffer_size=10**12), **QUICK)
    (tmp_path / "huge.toml").write_text(to_toml(config))
    assert cli.main(["train", "pong", "--preset", str(tmp_path / "huge.toml")]) == 2
    told = capsys.readouterr().err
    assert "lower" in told and "dqn.buffer_size" in told and told.count("\n") == 1
    assert not (tmp_path / "run").exists()


def test_other_errors_are_not_dressed_up(make_tiny: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: Stopping) -> bool:
        raise RuntimeError("a bug of ours")

    monkeypatch.setattr(Stopping, "_on_step", fail)
    with pytest.raises(RuntimeError, match="a bug of ours"):
        run(make_tiny(tmp_path / "run", **QUICK), quiet=True)
