"""Self-play: snapshots join the pool, unfit members are named and left out, populations meet, and everything goes on exactly."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from npckit import cli
from npckit.errors import UserError
from npckit.train import PoolConfig, PPOConfig, Run, TrainConfig, resume_populations, run, train_populations
from npckit.train.runner import Trainer

Make = Callable[..., TrainConfig]
LANTERN = str(Path(__file__).parents[1] / "titles" / "lantern")
HALVES = {"learner": 0.5, "pool": 0.5}


def weights(done: Run) -> dict[str, torch.Tensor]:
    return done.load_model().policy.state_dict()


def test_snapshots_join_the_pool_and_the_results_tell_of_all(make_tiny: Make, tmp_path: Path) -> None:
    pool = PoolConfig(every=10_000, members=("easy",))
    done = run(make_tiny(tmp_path / "run", opponents=HALVES, pool=pool), quiet=True)
    files = sorted(path.name for path in (done.path / "snapshots").glob("*.onnx"))
    forms = done.results["pool"]["paddle"]
    assert len(files) == 4 and list(forms) == ["easy", *(f"snapshots/{name}" for name in files)]
    assert forms["easy"]["played"] > 0


def test_members_that_cannot_play_are_named_and_left_out(
    make_tiny: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"no policy")
    members = ("hard", str(broken), str(tmp_path / "missing.onnx"), "nobody")
    config = make_tiny(
        tmp_path / "run", total_samples=4096, eval_every=0, opponents={"pool": 1.0}, pool=PoolConfig(members=members)
    )
    done = run(config)
    out = capsys.readouterr().out
    assert all(f"{name} is left out" in out for name in members[1:])
    assert [name for name in done.results["pool"]["paddle"] if "snapshots" not in name] == ["hard"]


def test_a_member_of_another_title_is_left_out(
    make_tiny: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ppo = PPOConfig(n_steps=16, batch_size=256)
    pool = PoolConfig(members=("pong",))
    run(
        make_tiny(
            tmp_path / "run",
            game="tanks",
            total_samples=2048,
            num_envs=16,
            eval_every=0,
            final_matches=2,
            opponents=HALVES,
            pool=pool,
            ppo=ppo,
        )
    )
    assert "pong is left out" in capsys.readouterr().out


@pytest.fixture
def duo(make_tiny: Make, tmp_path: Path) -> Callable[[], list[TrainConfig]]:
    """Configs of both roles of a title, of some turns each."""

    def configs() -> list[TrainConfig]:
        settings: dict[str, Any] = {
            "game": LANTERN, "total_samples": 4096, "num_envs": 16, "eval_every": 0, "final_matches": 2, "checkpoint_every": 512,
            "opponents": {"pool": 0.75, "easy": 0.25}, "pool": PoolConfig(every=1024), "ppo": PPOConfig(n_steps=16, batch_size=64),
        }  # fmt: skip
        return [make_tiny(tmp_path / "unused", role=role, **settings) for role in ("runner", "chaser")]

    return configs


def test_populations_meet_each_other(duo: Callable[[], list[TrainConfig]], tmp_path: Path) -> None:
    runner, chaser = train_populations(duo(), tmp_path / "both", quiet=True)
    assert (runner.path, chaser.path) == (tmp_path / "both" / "runner", tmp_path / "both" / "chaser")
    met = {Path(name).parents[1].name for name in runner.results["pool"]["chaser"]}
    assert met == {"chaser"} and len(runner.results["pool"]["chaser"]) == 4
    assert {Path(name).parents[1].name for name in chaser.results["pool"]["runner"]} == {"runner"}
    assert all(done.policy.is_file() and done.results["samples"] >= 4096 for done in (runner, chaser))


@pytest.mark.parametrize("samples", [800, 2900])
def test_populations_go_on_exactly(
    duo: Callable[[], list[TrainConfig]],
    tmp_path: Path,
    dying: Callable[[int], AbstractContextManager[None]],
    samples: int,
) -> None:
    whole = train_populations(duo(), tmp_path / "whole", quiet=True)
    with dying(samples):
        train_populations(duo(), tmp_path / "stopped", quiet=True)
    torch.manual_seed(99)
    np.random.seed(99)  # noqa: NPY002
    gone_on = resume_populations(tmp_path / "stopped", quiet=True)
    for one in whole:
        other = next(each for each in gone_on if each.path.name == one.path.name)
        mine, yours = weights(one), weights(other)
        assert [name for name in mine if not torch.equal(mine[name], yours[name])] == []


def test_populations_that_do_not_fit_are_refused(duo: Callable[[], list[TrainConfig]], tmp_path: Path) -> None:
    one, other = duo()
    for pair, sentence in [
        ([one, one], "another role"),
        ([one, replace(other, opponents={"easy": 1.0})], "pool"),
        ([one, replace(other, pool=PoolConfig(every=99))], "equal turns"),
    ]:
        with pytest.raises(UserError, match=sentence):
            train_populations(pair, tmp_path / "both", quiet=True)
    assert not (tmp_path / "both").exists()
    assert cli.main(["populations"]) == 2
    assert cli.main(["populations", "--resume", str(tmp_path)]) == 2


def test_falls_are_named(make_tiny: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trainer = Trainer(*_resolved(make_tiny(tmp_path / "run", opponents=HALVES)), quiet=False)
    with trainer.closing():
        trainer.begin(threading.Event())
        form = trainer.pools.by_role["paddle"].forms["snapshots/000000000000.onnx"]
        form.games, form.points, form.best = 100.0, 50.0, 0.9
        trainer.selfplay.init_callback(trainer.model)
        trainer.selfplay.on_rollout_start()
        trainer.selfplay.on_rollout_start()
    assert capsys.readouterr().out.count("forgetting: against 000000000000 from 90% to 50%") == 1


def _resolved(config: TrainConfig) -> Any:
    from npckit.train.config import resolved

    return resolved(config)
