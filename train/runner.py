"""A run from beginning to end: check, build, learn, measure, export. It may begin where a killed one was saved."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.callbacks import CallbackList
from stable_baselines3.common.logger import Logger, TensorBoardOutputFormat
from torch.utils.tensorboard.writer import SummaryWriter

from .. import __version__
from ..games import registry
from ..games.contract import Game
from .cards import card_of
from .charts import log_config, writer_of
from .checkpoints import Checkpoint, Checkpoints, check_room, save
from .config import TrainConfig, resolved
from .evaluating import Evaluation
from .evaluation import Figures, usual_opponents
from .failures import in_a_sentence
from .metrics import Metrics
from .models import Budget, build_env, build_model, device_named, use_threads
from .moment import Moment, generators, set_generators
from .network_text import describe
from .opponents import POOL
from .progress import Display, Status, display_for, short
from .report import told
from .run_folder import Run, create_run, held, write_text
from .selfplay import Pools, SelfPlay
from .stopping import Stopped, Stopping, asked_to_stop

if TYPE_CHECKING:
    from ..agents.learners.parity import Parity


def run(config: TrainConfig, *, quiet: bool = False) -> Run:
    """Trains a policy and returns its run, with `policy.onnx` in its folder. Ctrl-C ends it early and in order.

    Raises UserError before any work where the config cannot be, and later where the disk refuses; what was saved stays.
    """
    config, game = resolved(config)
    device_named(config.device)
    config = replace(config, threads=use_threads(config.threads))
    with in_a_sentence(config):
        trainer = Trainer(config, game, quiet=quiet)
    with held(trainer.folder.path):
        return trainer.run()


class Trainer:
    """The parts of one run; `past` is the checkpoint that it goes on from, `folder` where it lies already."""

    def __init__(
        self,
        config: TrainConfig,
        game: Game,
        *,
        quiet: bool,
        past: Checkpoint | None = None,
        folder: Run | None = None,
        display: Display | None = None,
    ) -> None:
        self.config, self.game, self.quiet, self.past = config, game, quiet, past
        self.budget, self.status, self.display = Budget(config.minutes), Status(), display or display_for(quiet=quiet)
        self.pools = Pools(config, game, self.display.say)
        self.env = build_env(config, game, {POOL: self.pools.player})
        self.model = build_model(config, self.env, self.budget)
        check_room(self.model, config)
        if past:
            past.load_into(self.model)
        self.folder = folder or create_run(config)
        self.pools.folder = self.folder.path
        self.resumed = [*past.about["resumed"], past.samples] if past else []  # samples at which somebody went on
        curves = Curves(self.folder.path, past.about["points_until"] if past else None)
        self.model.set_logger(Logger(str(self.folder.path), [curves]))
        self._generators = generators(self.model)

    def run(self) -> Run:
        """Learns until the samples or the minutes are used up, or somebody asks to stop."""
        with self.closing(), asked_to_stop() as asked:
            self.begin(asked)
            self.learn()
            done = self.finish(interrupted=asked.is_set())
        if not self.quiet:
            print(told(done, self.game))
        return done

    @contextmanager
    def closing(self) -> Iterator[None]:
        """Tells failures in a sentence, and leaves nothing open."""
        with in_a_sentence(self.config, self.folder):
            try:
                yield
            finally:
                self.display.close()
                with suppress(OSError):  # a full disk has been told already
                    self.model.logger.close()
                self.env.close()

    def _beginning(self) -> str:
        config, place = self.config, f", going on at {short(self.past.samples)} samples" if self.past else ""
        return (
            f"training {self.game.name} with {config.algorithm} on {config.obs} in {self.folder.path}{place}\n"
            f"{describe(self.model)[0]}"
        )

    def begin(self, asked: threading.Event) -> None:
        """Puts everything where it begins, or where it was."""
        if not self.quiet:
            print(self._beginning(), flush=True)
        config, budget, model = self.config, self.budget, self.model
        metrics = Metrics(config, self.game, budget, self.status, self.display)
        self.evaluation = Evaluation(config, self.game, self.status, self.display, metrics)
        checkpoints = Checkpoints(config.checkpoint_every, self.save)
        self.selfplay = SelfPlay(self.pools, config.pool.every, self._snapshot, self.display)
        self.stopping = Stopping(budget, asked)
        plays = {"selfplay": self.selfplay} if self.pools.by_role else {}
        kept: dict[str, Any] = {**plays, "evaluation": self.evaluation, "metrics": metrics, "checkpoints": checkpoints}
        self.callbacks = CallbackList([self.stopping, self.evaluation, *plays.values(), metrics, checkpoints])
        self.moment = Moment(model, self.env, budget, kept)
        set_generators(model, self._generators)  # others may have drawn from them since
        if self.past:
            self.moment.set_state(self.past.state())
        else:
            log_config(model, config, _promised(self.game, config.seats))
            if self.pools.by_role:
                self.selfplay.join(0)
        self._generators = generators(model)

    def learn(self, until: int | None = None) -> None:
        """Goes on to the end, or to the first update after `until` samples."""
        config, model, self.stopping.until = self.config, self.model, until
        set_generators(model, self._generators)
        self.budget.start()
        left = config.total_samples - model.num_timesteps if self.budget.remaining > 0 else 0
        begun = bool(self.past) or model.num_timesteps > 0
        with suppress(Stopped):  # log_interval: None, because we log
            model.learn(max(left, 0), self.callbacks, log_interval=None, reset_num_timesteps=not begun)  # type: ignore[arg-type]
        self.budget.pause()
        self._generators = generators(model)

    @property
    def samples(self) -> int:
        return self.model.num_timesteps

    @property
    def is_done(self) -> bool:
        return self.samples >= self.config.total_samples or self.budget.remaining <= 0

    def finish(self, *, interrupted: bool) -> Run:
        """Saves, measures, and writes the policy and the results."""
        self.seconds = self.budget.elapsed
        self.save(whole=True)
        matches = self.config.final_matches
        self.budget.start()  # metrics take the pauses off it
        figures = self.evaluation.evaluate(min(matches, 20) if interrupted else matches)
        self.budget.pause()
        return self._written(figures, interrupted=interrupted)

    def _snapshot(self, path: Path) -> None:
        export(self.model, self.config, self.game, path, self.budget.elapsed, episodes=False)

    def save(self, *, whole: bool = False) -> None:
        """A checkpoint; whoever goes on from it keeps the points of all curves before this sample, and of it unless `whole`."""
        points_until = self.model.num_timesteps + (0 if whole else 1)
        about = {
            "npckit": __version__,
            "config": asdict(self.config),
            "rules_version": self.game.spec.version,
            "resumed": self.resumed,
            "points_until": points_until,
        }
        save(self.folder, self.model, about, self.moment.state())

    def _written(self, figures: Sequence[Figures], *, interrupted: bool) -> Run:
        """Writes the policy and the results."""
        samples = self.model.num_timesteps
        results = {
            "samples": samples,
            "seconds": round(self.seconds, 1),
            "samples_per_second": round(self.status.samples_per_second),
            "interrupted": interrupted,
            "resumed": self.resumed,
            "score": self.status.score,
            "matches": [each.as_dict() for each in figures],
        }
        if self.pools.by_role:
            results["pool"] = self.pools.summary()
        parity = export(self.model, self.config, self.game, self.folder.policy, self.seconds, figures)
        results["parity"] = parity.difference
        write_text(self.folder.path / "results.json", json.dumps(results, indent=1))
        writer_of(self.model.logger).flush()
        return replace(self.folder, results=results)


class Curves(TensorBoardOutputFormat):
    """The run's one TensorBoard writer; points that are there already, from `taken_back` on, do not count any more."""

    def __init__(self, folder: Path, taken_back: int | None) -> None:
        self.writer = SummaryWriter(log_dir=str(folder), purge_step=taken_back)
        self._is_closed = False


def export(
    model: BaseAlgorithm,
    config: TrainConfig,
    game: Game,
    path: Path,
    seconds: float,
    figures: Sequence[Figures] = (),
    *,
    episodes: bool = True,
) -> Parity:
    """Writes a model's policy file with its card; tells how much the two networks' scores differ, over whole `episodes` too."""
    from ..agents.learners.export import export_policy

    card = card_of(config, game, samples=model.num_timesteps, seconds=seconds, figures=figures)
    return export_policy(model, path, card, game=game, episodes=episodes)


def export_checkpoint(run: Run) -> Parity:
    """Writes the policy file of a run that ended before it could; like `export`, but nothing has been measured."""
    return export(run.load_model(), run.config, registry.load(run.config.game), run.policy, seconds=0.0)


def _promised(game: Game, seats: int) -> dict[str, float]:
    """The curves that TensorBoard shows beside the hyperparameters: their last values count."""
    names = [f"match/win_rate_vs_{name}" if name else "match/score" for name in usual_opponents(game, seats)]
    return dict.fromkeys(["rollout/score", "rollout/perf", "time/samples_per_second_mean", *names], 0.0)
