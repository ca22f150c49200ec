"""`npckit bench learn`: how fast learners learn, beside stock Stable-Baselines3 and sb3-contrib in the same run.

A sample is one decision of one learning seat. Every line runs in a process of its own, one after the other. "equal": the peer
with the same network, minibatches and updates per sample; "its best": with a batch of 256 games and minibatches of 1,024.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path
from statistics import median
from typing import Literal

from ...errors import UserError
from ...games.files import check_target
from ..config import TrainConfig
from ..config_file import to_toml
from ..presets import find_preset
from .learn_tables import print_skill, print_speed, short_row
from .lines import OURS, Device, Line, skill_lines, speed_lines
from .measure import Row, machine, write_results


def learn(
    *,
    title: str = "",
    algorithm: Literal["", "ppo", "recurrent-ppo", "dqn", "recurrent-dqn"] = "",
    obs: Literal["", "features", "planes", "pixels"] = "",
    seconds: float = 10.0,
    skill: bool = False,
    peers: bool = True,
    seeds: int = 5,
    limit: float = 600.0,
    device: Device = "cpu",
    threads: int = 0,
    out: Path = Path("bench-learn.json"),
) -> None:
    """Measure learning speed beside stock learners, print tables and write JSON.

    Args:
        title: the title to learn; the one of npckit demo when empty
        algorithm: one learner; all when empty
        obs: one observation; all when empty
        seconds: how long each line of the table of speeds is measured; 0 leaves the table out
        skill: also how long the title's presets take to a stated skill; many minutes
        peers: also measure the stock learners
        seeds: runs of each preset
        limit: seconds of training after which such a run is given up
        device: where the networks are
        threads: of the CPU; 0: all cores
        out: where the JSON goes
    """
    _check(seconds, seeds, limit, device, threads)
    check_target(out)
    title = title or find_preset("demo").game
    speeds = speed_lines(title, algorithm, obs, device) if seconds else []
    skills = skill_lines(title, algorithm, obs, device) if skill else []
    speeds, skills = ([line for line in lines if peers or line.learner == OURS] for lines in (speeds, skills))
    if not speeds and not skills:
        raise UserError("--seconds 0 leaves out the table of speeds, and nothing is left to measure; add --skill.")
    told = {**machine(), "title": title, "device": device, "speed": [], "skill": []}
    try:
        for line in speeds:
            told["speed"].append(_announced(speed_row(line, seconds, threads)))
        for line in skills:
            told["skill"].append(_announced(skill_row(line, seeds, limit, threads)))
    finally:  # what has been measured is kept when somebody grows tired of waiting
        if told["speed"]:
            print_speed(told)
        if told["skill"]:
            print_skill(told)
        write_results(out, told)


def _check(seconds: float, seeds: int, limit: float, device: str, threads: int) -> None:
    from ..models import device_named  # late: it loads torch

    if not 0 <= seconds <= 3600:
        raise UserError(f"--seconds is 0 to 3600; got {seconds:g}.")
    if not 1 <= seeds <= 100:
        raise UserError(f"--seeds is 1 to 100; got {seeds}.")
    if not 1 <= limit <= 86400:
        raise UserError(f"--limit is 1 to 86400 seconds; got {limit:g}.")
    if not 0 <= threads <= 1024:
        raise UserError(f"--threads is 0 to 1024; got {threads}.")
    device_named(device)


def speed_row(line: Line, seconds: float, threads: int) -> Row:
    """A line of the table of speeds."""
    figures = _measured(line, line.config, seconds, threads, skill=False)
    return {"line": line.name, "learner": line.told, "kind": line.learner, **_settings(line.config), **figures}


def skill_row(line: Line, seeds: int, limit: float, threads: int) -> Row:
    """A line of the table of skills: every seed, and the median, in which a run that was given up counts as endless."""
    runs = [_measured(line, replace(line.config, seed=seed), limit, threads, skill=True) for seed in range(seeds)]
    reached = [run.get("seconds") for run in runs]
    middle = median(float("inf") if seconds is None else seconds for seconds in reached)
    return {
        "line": line.name,
        "learner": line.told,
        "kind": line.learner,
        "goal": next((run["goal"] for run in runs if "goal" in run), ""),
        "median_seconds": middle if middle < float("inf") else None,
        "limit": limit,
        **_settings(line.config),
        "runs": runs,
    }


def _settings(config: TrainConfig) -> Row:
    """What decides how much work a sample is, and all the rest."""
    method = config.dqn if "dqn" in config.algorithm else config.ppo
    short = {"algorithm": config.algorithm, "obs": config.obs, "envs": config.num_envs, "batch_size": method.batch_size}
    return {**short, "config": asdict(config)}


def _measured(line: Line, config: TrainConfig, seconds: float, threads: int, *, skill: bool) -> Row:
    """What a process of its own measured; where it broke, the end of what it said, as `failed`."""
    order = {
        "config": to_toml(config), "learner": line.learner, "seconds": seconds, "threads": threads, "skill": skill,
    }  # fmt: skip
    command = [sys.executable, "-m", f"{__package__}.worker"]
    done = subprocess.run(command, input=json.dumps(order), capture_output=True, text=True)
    if done.returncode:
        said = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
        return {"failed": said[-1]}
    figures: Row = json.loads(done.stdout.strip().splitlines()[-1])
    return figures


def _announced(row: Row) -> Row:
    print(short_row(row), flush=True)
    return row
