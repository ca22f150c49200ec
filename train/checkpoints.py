"""Checkpoints of a run: Stable-Baselines3 zips that hold all that an exact continuation needs besides; the last three are kept.

A replay buffer has a file of its own beside the newest, `<samples>.replay`. It is written first, then the zip takes its place, then
the older buffer goes: whenever a run is killed, the newest checkpoint whose files are all there is whole.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from zipfile import BadZipFile, ZipFile

import torch
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.callbacks import BaseCallback

from ..errors import Diverged, UserError
from ..games.files import draft_of
from ..games.snapshot import State
from .config import TrainConfig
from .run_folder import Run, told_if_unlike
from .state_file import read_state, write_state

KEPT = 3
ABOUT, RESUME, REPLAY = "about", "resume", "replay"  # the states in the files, by name


@dataclass(frozen=True)
class Checkpoint:
    """One that is whole. `about` tells its samples, the rules version, the run's config, and whether it has a replay buffer."""

    run: Run
    path: Path
    about: State

    @property
    def samples(self) -> int:
        return int(self.about["samples"])

    def state(self) -> State:
        """What `save` was given."""
        return self._read(self.path, RESUME)

    def load_into(self, model: BaseAlgorithm) -> None:
        """Puts weights, optimiser and replay buffer into an equally built model."""
        with told_if_unlike(self.path):
            model.set_parameters(str(self.path), device=model.device)
        if self.about["replay"]:
            buffer: Any = model.replay_buffer  # type: ignore[attr-defined]  # off-policy learners have one
            buffer.set_state(self._read(_replay_of(self.path), REPLAY, buffer.state()))

    def _read(self, path: Path, name: str, into: State | None = None) -> State:
        with _told_if_damaged(path), ZipFile(path) as archive:
            return read_state(archive, name, into)


def newest(run: Run) -> Checkpoint:
    """The newest that is whole. Raises UserError where there is none yet, or its file is damaged."""
    for path in reversed(run.checkpoints):
        with _told_if_damaged(path), ZipFile(path) as archive:
            about = read_state(archive, ABOUT)
        if not about["replay"] or _replay_of(path).is_file():
            return Checkpoint(run, path, about)
    raise UserError(f"{run.path} has no complete checkpoint yet; start it anew, with a lower checkpoint_every.")


@contextmanager
def _told_if_damaged(path: Path) -> Iterator[None]:
    try:
        yield
    except (BadZipFile, KeyError, ValueError, EOFError) as error:
        raise UserError(
            f"{path} cannot be gone on from ({error}); move it away, and the checkpoint before it is taken."
        ) from None


def save(run: Run, model: BaseAlgorithm, about: State, state: State) -> Path:
    """Writes a checkpoint, and drops all but the last three. Raises OSError, and leaves the older ones as they are, where the disk
    refuses; Diverged where a weight is not finite.
    """
    check_weights(model)
    path = run.checkpoint_of(model.num_timesteps)
    buffer: Any = getattr(model, "replay_buffer", None)
    replay = _replay_of(path)
    if path.exists() and (buffer is None or replay.exists()):
        return path  # the run was resumed from it, and nothing has happened since
    try:
        if buffer is not None:
            with _whole(replay) as file, ZipFile(file, "w") as archive:
                write_state(archive, REPLAY, buffer.state())
        with _whole(path) as file:
            model.save(file)  # type: ignore[arg-type]  # any binary file will do
            with ZipFile(file, "a") as archive:
                write_state(archive, ABOUT, {**about, "samples": model.num_timesteps, "replay": buffer is not None})
                write_state(archive, RESUME, state)
    except BaseException:
        replay.unlink(missing_ok=True)
        raise
    _drop_older(run, replay)
    return path


@contextmanager
def _whole(path: Path) -> Iterator[IO[bytes]]:
    """A file that takes its place when all of it is on the disk."""
    with draft_of(path) as draft, draft.open("w+b") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def _drop_older(run: Run, replay: Path) -> None:
    for old in run.checkpoints[:-KEPT]:
        old.unlink(missing_ok=True)
    for other in replay.parent.glob(f"*{replay.suffix}"):
        if other != replay:
            other.unlink(missing_ok=True)


def _replay_of(path: Path) -> Path:
    return path.with_suffix(".replay")


def check_weights(model: BaseAlgorithm) -> None:
    """Raises Diverged where a weight is not finite: such a model must not take the place of a good one."""
    for name, weights in model.policy.named_parameters():
        if not torch.isfinite(weights).all():
            raise Diverged(f"training broke: the weights {name} are not finite; lower learning_rate or max_grad_norm.")


def check_room(model: BaseAlgorithm, config: TrainConfig) -> None:
    """UserError, before the run: its replay buffer is larger than a checkpoint may be."""
    buffer: Any = getattr(model, "replay_buffer", None)
    if buffer is not None and buffer.nbytes > config.checkpoint_limit_mb * 2**20:
        raise UserError(
            f"a replay buffer of {config.dqn.buffer_size:,} samples takes {buffer.nbytes / 2**20:,.0f} MB in every checkpoint, "
            f"and the limit is {config.checkpoint_limit_mb:,} MB; lower dqn.buffer_size, or raise checkpoint_limit_mb."
        )


class Checkpoints(BaseCallback):
    """Saves now and then, between an update and the next rollout."""

    def __init__(self, every: int, save: Callable[[], Any]) -> None:
        super().__init__()
        self._every, self._next, self._save = every, every, save

    def _on_step(self) -> bool:
        return True

    def _on_rollout_start(self) -> None:
        samples = self.model.num_timesteps
        if samples >= self._next:
            self._next = samples + self._every
            self._save()

    def state(self) -> State:
        return {"next": self._next}

    def set_state(self, state: State) -> None:
        self._next = state["next"]
