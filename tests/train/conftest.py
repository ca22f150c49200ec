"""A small run that many tests look at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from npckit.train import PPOConfig, Run, TrainConfig, run
from npckit.train.stopping import Stopping


def tiny(out: Path, **options: Any) -> TrainConfig:
    """A run of a few seconds."""
    settings: dict[str, Any] = {
        "total_samples": 40_000, "num_envs": 64, "hidden": (32,), "eval_every": 16_000, "eval_matches": 4, "final_matches": 8,
        "checkpoint_every": 8_000, "threads": 1, "ppo": PPOConfig(n_steps=32, batch_size=1024),
    }  # fmt: skip
    return TrainConfig(**{"game": "pong", "out": str(out), **settings, **options})


@pytest.fixture(scope="session")
def make_tiny() -> Callable[..., TrainConfig]:
    return tiny


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run that has ended well."""
    return run(tiny(tmp_path_factory.mktemp("runs") / "finished"), quiet=True)


class Killed(BaseException):
    """Nothing in a run expects it."""


@pytest.fixture
def dying(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], AbstractContextManager[None]]:
    """A stretch in which a run stops dead after so many samples."""

    @contextmanager
    def stretch(samples: int) -> Iterator[None]:
        def die(self: Stopping) -> bool:
            if self.model.num_timesteps >= samples:
                raise Killed
            return True

        with monkeypatch.context() as patch:
            patch.setattr(Stopping, "_on_step", die)
            with pytest.raises(Killed):
                yield

    return stretch
