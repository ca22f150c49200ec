"""Two populations or more that learn against each other: a run for each role of a title, in turns, each meeting the others' snapshots.

Every run is one like any other, in a folder named after its role, with presets and checkpoints of its own; the opponent "pool"
in its config is where the others' snapshots come in. Turns are `pool.every` samples long.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from ..errors import UserError
from ..games import registry
from ..games.contract import Game
from ..games.files import remove_drafts
from .checkpoints import newest
from .config import TrainConfig, resolved
from .failures import in_a_sentence
from .models import use_threads
from .opponents import POOL
from .progress import Display, display_for
from .report import told
from .resuming import check_same
from .run_folder import Run, held
from .runner import Trainer
from .selfplay import SNAPSHOTS
from .stopping import asked_to_stop


def train_populations(configs: Sequence[TrainConfig], folder: Path, *, quiet: bool = False) -> list[Run]:
    """Trains one run for each config, which are of the same title and of different roles, in turns; returns them as `run` does.

    Raises UserError before any work where they do not fit together.
    """
    ready = [resolved(replace(config, out=str(folder / _role_of(config)))) for config in configs]
    _check([config for config, _ in ready])
    ready.sort(key=lambda pair: pair[1].spec.roles.index(pair[0].role))
    display = display_for(quiet=quiet)
    return _train([_trainer(config, game, display, quiet=quiet) for config, game in ready], quiet=quiet)


def resume_populations(folder: Path, *, quiet: bool = False) -> list[Run]:
    """Goes on where they were killed or interrupted, exactly as `resume` does for one run."""
    runs = _in_turn([Run.open(path.parent) for path in folder.glob("*/config.toml")])
    if len(runs) < 2:
        raise UserError(f"{folder} holds no populations; give the folder that npckit populations has made.")
    trainers, display = [], display_for(quiet=quiet)
    for each in runs:
        remove_drafts(each.path)
        remove_drafts(each.path / "checkpoints")
        config, game = resolved(each.config)
        past = newest(each) if each.checkpoints else None  # whoever had no turn yet begins
        if past:
            check_same(past, config, game)
        use_threads(config.threads)
        trainers.append(Trainer(config, game, quiet=quiet, past=past, folder=each, display=display))
    return _train(trainers, quiet=quiet)


def _in_turn(runs: list[Run]) -> list[Run]:
    """As they were begun: in the order of the title's roles."""
    return sorted(runs, key=lambda run: registry.load(run.config.game).spec.roles.index(run.config.role))


def _role_of(config: TrainConfig) -> str:
    return registry.load(config.game).spec.role_named(config.role)


def _check(configs: Sequence[TrainConfig]) -> None:
    if len({config.game for config in configs}) > 1 or len({config.role for config in configs}) < max(2, len(configs)):
        raise UserError("populations are of one title and each of another role; name a preset for every role.")
    for config in configs:
        if not config.opponents.get(POOL):
            raise UserError(
                f"the {config.role} never meets the others; give its preset a share of opponents named {POOL}."
            )
    if len({config.pool.every for config in configs}) > 1:
        raise UserError("populations take equal turns; set pool.every alike in their presets.")


def _trainer(config: TrainConfig, game: Game, display: Display, *, quiet: bool) -> Trainer:
    config = replace(config, threads=use_threads(config.threads))
    with in_a_sentence(config):
        return Trainer(config, game, quiet=quiet, display=display)


def _train(trainers: list[Trainer], *, quiet: bool) -> list[Run]:
    with ExitStack() as stack:
        for trainer in trainers:
            stack.enter_context(held(trainer.folder.path))
            stack.enter_context(trainer.closing())
        asked = stack.enter_context(asked_to_stop())
        for trainer in trainers:
            trainer.begin(asked)
        while not asked.is_set() and any(not trainer.is_done for trainer in trainers):
            _turn(trainers, asked)
        done = [trainer.finish(interrupted=asked.is_set()) for trainer in trainers]
    for each, trainer in zip(done, trainers, strict=True):
        if not quiet:
            print(told(each, trainer.game))
    return done


def _turn(trainers: list[Trainer], asked: threading.Event) -> None:
    """Whoever is furthest behind learns for a while, and shows the others what it has become."""
    every = trainers[0].config.pool.every
    trainer = min((each for each in trainers if not each.is_done), key=lambda each: each.samples // every)
    for other in trainers:
        if other is not trainer:
            trainer.pools.welcome(other.config.role, sorted((other.folder.path / SNAPSHOTS).glob("*.onnx")))
    trainer.learn(until=(trainer.samples // every + 1) * every)
    if not asked.is_set():
        trainer.selfplay.join(trainer.samples)
        trainer.save()
