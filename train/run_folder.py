"""The folder of a run: config, versions, charts, checkpoints, results and the policy. Nothing in it is ever half written.

Files: config.toml, versions.json, results.json, policy.onnx, events.out.tfevents..., checkpoints/000000500000.zip and, of a learner
with a replay buffer, checkpoints/000000500000.replay.
"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import UserError
from ..games.files import written_beside
from .config import TrainConfig
from .config_file import from_table, read_table, to_toml

try:
    import fcntl
except ModuleNotFoundError:  # not on Windows
    fcntl = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from stable_baselines3.common.base_class import BaseAlgorithm

PACKAGES = ("numpy", "numba", "torch", "stable-baselines3", "gymnasium", "onnx", "onnxruntime")


@dataclass(frozen=True)
class Run:
    """A run on disk. `results` holds final figures, samples, seconds and how it ended."""

    path: Path
    config: TrainConfig
    results: dict[str, Any] = field(default_factory=dict)

    @property
    def policy(self) -> Path:
        """The policy file that a game loads; it exists once the run has ended, or was interrupted."""
        return self.path / "policy.onnx"

    @property
    def checkpoints(self) -> list[Path]:
        """Stable-Baselines3 zips, oldest first."""
        return sorted((self.path / "checkpoints").glob("[0-9]*.zip"))

    def checkpoint_of(self, samples: int) -> Path:
        """Where the checkpoint belongs that is made after so many samples."""
        return self.path / "checkpoints" / f"{samples:012d}.zip"

    @classmethod
    def open(cls, path: str | Path) -> Run:
        """A run that exists already. Raises UserError where the folder is none."""
        folder = Path(path)
        if not (folder / "config.toml").is_file():
            raise UserError(
                f"{folder} is not the folder of a run (it has no config.toml); give one that npckit train has made."
            )
        config = from_table(read_table(folder / "config.toml"), where=str(folder / "config.toml"))
        results = folder / "results.json"
        return cls(folder, config, json.loads(results.read_text()) if results.is_file() else {})

    def load_model(self, checkpoint: Path | None = None) -> BaseAlgorithm:
        """The model of a checkpoint, of the newest where none is named, as Stable-Baselines3 loads it.

        Raises UserError where there is none yet, or its network is not what this version builds.
        """
        from .models import learner_class

        if not self.checkpoints:
            raise UserError(f"{self.path} has no checkpoint yet; train for longer, or set checkpoint_every lower.")
        path = checkpoint or self.checkpoints[-1]
        with told_if_unlike(path):
            return learner_class(self.config.algorithm).load(path, device="cpu")

    def exported(self) -> Path:
        """The policy file; where the run was killed before it wrote one, it is made from the newest checkpoint."""
        if not self.policy.is_file():
            from .runner import export_checkpoint

            export_checkpoint(self)
        return self.policy


@contextmanager
def told_if_unlike(checkpoint: Path) -> Iterator[None]:
    """Turns torch's list of weights that do not fit into a UserError."""
    try:
        yield
    except RuntimeError as error:
        if "loading state_dict" not in str(error):
            raise
        raise UserError(
            f"{checkpoint} holds another network than this version of npckit builds; use the version that made it, or train anew."
        ) from None


def create_run(config: TrainConfig) -> Run:
    """Makes the run's new folder with its config and versions. Raises UserError where that cannot be; overwrites nothing."""
    try:
        path = new_folder(config)
        (path / "checkpoints").mkdir()
        write_text(path / "config.toml", to_toml(config))
        write_text(path / "versions.json", json.dumps(versions(), indent=1))
    except FileExistsError as error:
        raise UserError(
            f"{error.filename} exists already; choose another --out, so that nothing is overwritten."
        ) from None
    except OSError as error:
        raise UserError(
            f"cannot write to {config.out or 'runs'} ({error.strerror}); choose another folder with --out."
        ) from None
    return Run(path, config)


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Keeps a run's folder for this process while it writes there. Raises UserError where another one does."""
    if fcntl is None:
        yield
        return
    folder = os.open(path, os.O_RDONLY)
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)  # let go by the system, however the process ends
        except BlockingIOError:
            raise UserError(f"{path} is being trained just now; wait until that run has ended.") from None
        yield
    finally:
        os.close(folder)


def new_folder(config: TrainConfig) -> Path:
    """The folder asked for, or the next free number."""
    if config.out:
        return _made(Path(config.out))
    return numbered_folder(Path("runs") / f"{Path(config.game).name}-{config.algorithm}-{config.obs}")


def numbered_folder(stem: Path) -> Path:
    """Makes the first of stem-001, stem-002, ... that does not exist."""
    for number in range(1, 10**6):
        try:
            return _made(stem.with_name(f"{stem.name}-{number:03d}"))
        except FileExistsError:
            continue
    raise UserError(f"{stem.parent} is full of runs; clear it, or choose another --out.")


def free_folder(path: Path) -> Path:
    """A path that is free, or an empty folder: itself, else the first of path-001, path-002, ..."""
    return path if not path.exists() or (path.is_dir() and not any(path.iterdir())) else numbered_folder(path)


def _made(path: Path) -> Path:
    if path.is_dir() and not any(path.iterdir()):
        return path  # an empty folder is as good as a new one
    path.mkdir(parents=True)
    return path


def versions() -> dict[str, str]:
    """What this run was made with."""
    from .. import __version__

    found = {"npckit": __version__, "python": platform.python_version(), "machine": platform.platform()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


def write_text(path: Path, text: str) -> None:
    with written_beside(path) as draft:
        draft.write_text(text, encoding="utf-8")
