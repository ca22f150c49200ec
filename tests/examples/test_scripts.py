"""The scripts that most people begin with are short, and run."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Start = Callable[..., "subprocess.Popen[str]"]
EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.mark.parametrize(
    ("name", "leaves", "says"),
    [
        ("train_pong", "runs/pong-ppo-features-001/policy.onnx", "easy: wins"),
        ("train_stock_sb3", "pong_sb3.zip", "mean score"),
    ],
)
def test_an_example_runs_and_is_short(name: str, leaves: str, says: str, start: Start, tmp_path: Path) -> None:
    script = EXAMPLES / f"{name}.py"
    assert len(script.read_text().splitlines()) < 20
    process = start("-W", "error::DeprecationWarning:__main__", str(script), "40000")
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    assert says in out and (tmp_path / leaves).is_file()
