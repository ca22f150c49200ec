"""Going on with a run that was killed, interrupted or stopped by a failure, from its last checkpoint, exactly; or for longer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from ..errors import UserError
from ..games.contract import Game
from ..games.files import remove_drafts
from .checkpoints import Checkpoint, newest
from .config import TrainConfig, resolved
from .config_file import to_toml
from .failures import in_a_sentence
from .models import device_named, use_threads
from .run_folder import Run, held, write_text
from .runner import Trainer

FREE = (
    "out",
    "eval_every",
    "eval_matches",
    "final_matches",
    "sampled",
    "checkpoint_every",
    "checkpoint_limit_mb",
)  # bear on no weight


def resume(path: str | Path, *, total_samples: int = 0, quiet: bool = False) -> Run:
    """Trains a run to its configured end, as if it had never stopped; returns it as `run` does.

    On a CPU the policy is the same, bit for bit, as that of an uninterrupted run, unless `minutes` ends it. With more
    `total_samples` than the run was to have it goes on for longer, also where it had ended: what falls over the run, such as the
    learning rate, is then as far as it would be in a run of so many. Raises UserError where the folder is no run, the run has
    ended, nothing was saved, or what is needed has changed since.
    """
    run = Run.open(path)
    if total_samples:
        run = _longer(run, total_samples)
    _check_unfinished(run)
    with held(run.path):
        remove_drafts(run.path)
        remove_drafts(run.path / "checkpoints")
        past = newest(run)
        config, game = resolved(run.config)
        check_same(past, config, game)
        if total_samples:
            write_text(run.path / "config.toml", to_toml(run.config))
        device_named(config.device)
        use_threads(config.threads)
        with in_a_sentence(config, run):
            trainer = Trainer(config, game, quiet=quiet, past=past, folder=run)
        return trainer.run()


def _longer(run: Run, total_samples: int) -> Run:
    if run.config.minutes:
        raise UserError(f"{run.path} is ended by its minutes, not by samples; begin a new run.")
    if total_samples <= run.config.total_samples:
        raise UserError(
            f"{run.path} is to have {run.config.total_samples:,} samples already; give more --total-samples."
        )
    return replace(run, config=replace(run.config, total_samples=total_samples))


def _check_unfinished(run: Run) -> None:
    results, config = run.results, run.config
    if results and not results.get("interrupted") and (config.minutes or results["samples"] >= config.total_samples):
        raise UserError(
            f"{run.path} has ended after {results['samples']:,} samples; there is nothing to go on with: begin a new run"
            f"{'' if config.minutes else ', or give more --total-samples'}."
        )


def check_same(past: Checkpoint, config: TrainConfig, game: Game) -> None:
    """UserError: rules or settings are not those that the checkpoint was made with."""
    version = past.about["rules_version"]
    if version != game.spec.version:
        raise UserError(
            f"{past.run.path} was trained on {game.name} rules version {version}, and these are version {game.spec.version}; "
            "begin a new run."
        )
    usual = flat(asdict(TrainConfig(config.game)))  # of settings that are younger than the checkpoint
    before, now = usual | flat(past.about["config"]), flat(asdict(config))
    for name in before | now:
        is_longer = name == "total_samples" and now[name] > before[name]
        if name not in FREE and before.get(name) != now.get(name) and not is_longer:
            raise UserError(
                f"{past.run.path}/config.toml says {name} = {now.get(name)!r}, and the run began with {before.get(name)!r}; "
                "change it back, or begin a new run."
            )


def flat(table: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Settings by their dotted names; lists as JSON has them.

    >>> flat({"size": (64, 64), "ppo": {"n_steps": 32}})
    {'size': [64, 64], 'ppo.n_steps': 32}
    """
    settings: dict[str, Any] = {}
    for name, value in table.items():
        if isinstance(value, Mapping):
            settings |= flat(value, f"{prefix}{name}.")
        else:
            settings[prefix + name] = list(value) if isinstance(value, tuple) else value
    return settings
