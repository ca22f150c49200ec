"""Ctrl-C and a kill lose nothing that was saved, and the run goes on from there."""

from __future__ import annotations

import random
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from npckit.agents.policy_file import PolicyFile
from npckit.errors import UserError
from npckit.train import Run, evaluate
from npckit.train.checkpoints import newest

Start = Callable[..., "subprocess.Popen[str]"]
ROLLOUT = 64 * 16
COMMAND = ("import sys; from npckit.cli import main; sys.exit(main())",)
TRAIN = (
    *COMMAND,
    "train",
    "pong",
    "--out",
    "run",
    "--num-envs",
    "64",
    "--hidden",
    "16",
    "--threads",
    "1",
    "--ppo.n-steps",
    "16",
)
FLAGS = (
    "--total-samples", "1000000000", "--checkpoint-every", "1024", "--eval-every", "0", "--final-matches", "2",
    "--dqn.buffer-size", "20000", "--dqn.learning-starts", "512", "--dqn.batch-size", "64", "--dqn.train-freq", "16",
)  # fmt: skip


def wait_for_checkpoints(process: subprocess.Popen[str], run: Path, more: int) -> None:
    """Until the newest checkpoint is so many rollouts on, so that a signal may come at any moment of saving."""
    first = last_samples(run)
    while process.poll() is None and last_samples(run) < first + more * ROLLOUT:
        time.sleep(0.01)
    assert process.poll() is None, process.communicate()


def last_samples(run: Path) -> int:
    return max((int(path.stem) for path in (run / "checkpoints").glob("[0-9]*.zip")), default=0)


def test_ctrl_c_saves_exports_and_ends_in_order(start: Start, tmp_path: Path) -> None:
    process = start("-c", *TRAIN, *FLAGS)
    wait_for_checkpoints(process, tmp_path / "run", 6)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 130 and "Traceback" not in err
    assert "interrupted: " in out and "npckit watch pong" in out and "npckit train --resume run" in out
    run = Run.open(tmp_path / "run")
    assert run.results["interrupted"] and run.load_model().num_timesteps == run.results["samples"]
    assert run.results["samples"] % ROLLOUT == 0  # nothing that was played has been dropped
    assert PolicyFile.load(run.policy).card.training["samples"] == run.results["samples"]


@pytest.mark.slow
@pytest.mark.parametrize("algorithm", ["ppo", "recurrent-dqn"])  # test_resume has all of them, in one process
def test_a_kill_leaves_a_checkpoint_from_which_the_run_goes_on(start: Start, tmp_path: Path, algorithm: str) -> None:
    folder, pause = tmp_path / "run", random.Random(algorithm)
    process = start("-c", *TRAIN, *FLAGS, "--algorithm", algorithm)
    for _ in range(2):
        wait_for_checkpoints(process, folder, 6)
        time.sleep(pause.uniform(0, 0.1))
        process.kill()
        process.communicate()
        run = Run.open(folder)
        assert newest(run).samples == run.load_model().num_timesteps and not run.policy.exists()
        process = start("-c", *COMMAND, "train", "--resume", "run")
    wait_for_checkpoints(process, folder, 2)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=120)
    assert (
        process.returncode == 130 and err.strip() == "npckit: ending after this update; Ctrl-C once more ends at once"
    )
    run = Run.open(folder)
    assert run.results["interrupted"] and len(run.results["resumed"]) == 2
    assert not list(run.path.glob("**/.*"))


def test_a_run_that_was_killed_is_exported_from_its_checkpoint(start: Start, tmp_path: Path) -> None:
    process = start("-c", *TRAIN, *FLAGS)
    wait_for_checkpoints(process, tmp_path / "run", 1)
    process.kill()
    process.communicate()
    run = Run.open(tmp_path / "run")
    assert not run.policy.exists()
    assert evaluate(run.path, against=["easy"], matches=2)[0].matches == 2
    assert run.policy.exists()


def test_a_run_without_a_checkpoint_says_so(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('game = "pong"')
    with pytest.raises(UserError, match="no checkpoint yet"):
        Run.open(tmp_path).load_model()
