"""Ctrl-C and a kill lose nothing that was saved."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from npckit.agents.policy_file import PolicyFile
from npckit.errors import UserError
from npckit.train import Run, evaluate

Start = Callable[..., "subprocess.Popen[str]"]
TRAIN = (
    "import sys; from npckit.cli import main; sys.exit(main())",
    "train",
    "pong",
    "--out",
    "run",
    "--num-envs",
    "64",
)
FLAGS = ("--total-samples", "1000000000", "--checkpoint-every", "4000", "--eval-every", "0", "--ppo.batch-size", "1024")


def wait_for_checkpoints(process: subprocess.Popen[str], folder: Path) -> None:
    """Until the run has begun to drop old checkpoints, so that a signal may come at any moment of saving."""
    last = folder / "checkpoints" / f"{4096 * 6:012d}.zip"
    while process.poll() is None and not last.exists():
        time.sleep(0.02)
    assert process.poll() is None, process.communicate()


def test_ctrl_c_saves_exports_and_ends_in_order(start: Start, tmp_path: Path) -> None:
    process = start("-c", *TRAIN, *FLAGS)
    wait_for_checkpoints(process, tmp_path / "run")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 130 and "Traceback" not in err
    assert "interrupted: " in out and "npckit watch pong" in out
    run = Run.open(tmp_path / "run")
    assert run.results["interrupted"] and run.load_model().num_timesteps == run.results["samples"]
    assert PolicyFile.load(run.policy).card.training["samples"] == run.results["samples"]


@pytest.mark.parametrize("extra_seconds", [0.0, 0.05])
def test_a_kill_leaves_the_last_checkpoint_loadable(start: Start, tmp_path: Path, extra_seconds: float) -> None:
    process = start("-c", *TRAIN, *FLAGS)
    wait_for_checkpoints(process, tmp_path / "run")
    time.sleep(extra_seconds)
    process.kill()
    process.communicate()
    run = Run.open(tmp_path / "run")
    assert run.load_model().num_timesteps >= 4096 * 6
    assert not run.policy.exists()
    assert evaluate(run.path, against=["easy"], matches=2)[0].matches == 2  # exported from the checkpoint
    assert run.policy.exists()


def test_a_run_without_a_checkpoint_says_so(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('game = "pong"')
    with pytest.raises(UserError, match="no checkpoint yet"):
        Run.open(tmp_path).load_model()
