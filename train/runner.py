"""A run from beginning to end: check, build, learn, measure, export. It may begin where a killed one was saved."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

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
from .moment import Moment, Remembering
from .network_text import describe
from .progress import Display, Status, display_for, short
from .report import told
from .run_folder import Run, create_run, held, write_text
from .stopping import Stopped, Stopping, asked_to_stop


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
    """The parts of one run; `past` is the checkpoint that it goes on from."""

    def __init__(self, config: TrainConfig, game: Game, *, quiet: bool, past: Checkpoint | None = None) -> None:
        self.config, self.game, self.quiet, self.past = config, game, quiet, past
        self.budget, self.status = Budget(config.minutes), Status()
        self.env = build_env(config, game)
        self.model = build_model(config, self.env, self.budget)
        check_room(self.model, config)
        if past:
            past.load_into(self.model)
        self.folder = past.run if past else create_run(config)
        self.resumed = [*past.about["resumed"], past.samples] if past else []  # samples at which somebody went on
        curves = Curves(self.folder.path, past.about["points_until"] if past else None)
        self.model.set_logger(Logger(str(self.folder.path), [curves]))

    def run(self) -> Run:
        """Learns until the samples or the minutes are used up, or somebody asks to stop."""
        if not self.quiet:
            print(self._beginning(), flush=True)
        display = display_for(quiet=self.quiet)
        with in_a_sentence(self.config, self.folder):
            try:
                with asked_to_stop() as asked:
                    figures = self._learn(display, asked)
                    done = self._finish(figures, interrupted=asked.is_set())
            finally:
                display.close()
                with suppress(OSError):  # a full disk has been told already
                    self.model.logger.close()
                self.env.close()
        if not self.quiet:
            print(told(done, self.game))
        return done

    def _beginning(self) -> str:
        config, place = self.config, f", going on at {short(self.past.samples)} samples" if self.past else ""
        return (
            f"training {self.game.name} with {config.algorithm} on {config.obs} in {self.folder.path}{place}\n"
            f"{describe(self.model)[0]}"
        )

    def _learn(self, display: Display, asked: Any) -> list[Figures]:
        config, budget, model = self.config, self.budget, self.model
        metrics = Metrics(config, self.game, budget, self.status, display)
        evaluation = Evaluation(config, self.game, self.status, display, metrics)
        checkpoints = Checkpoints(
            config.checkpoint_every, lambda: self._save(moment, points_until=model.num_timesteps + 1)
        )
        kept: dict[str, Remembering] = {"metrics": metrics, "evaluation": evaluation, "checkpoints": checkpoints}
        moment = Moment(model, self.env, budget, kept)
        budget.start()
        if self.past:
            moment.set_state(self.past.state())
        else:
            log_config(model, config, _promised(self.game, config.seats))
        left = config.total_samples - model.num_timesteps if budget.remaining > 0 else 0
        callbacks = CallbackList([Stopping(budget, asked), evaluation, metrics, checkpoints])
        with suppress(Stopped):  # log_interval: None, because we log
            model.learn(max(left, 0), callbacks, log_interval=None, reset_num_timesteps=not self.past)  # type: ignore[arg-type]
        self.seconds = budget.elapsed
        self._save(moment, points_until=model.num_timesteps)
        return evaluation.evaluate(min(config.final_matches, 20) if asked.is_set() else config.final_matches)

    def _save(self, moment: Moment, *, points_until: int) -> None:
        """`points_until`: whoever goes on from here keeps the points of all curves before this sample."""
        about = {
            "npckit": __version__,
            "config": asdict(self.config),
            "rules_version": self.game.spec.version,
            "resumed": self.resumed,
            "points_until": points_until,
        }
        save(self.folder, self.model, about, moment.state())

    def _finish(self, figures: Sequence[Figures], *, interrupted: bool) -> Run:
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
        results["parity"] = export(self.model, self.config, self.game, self.folder.policy, self.seconds, figures)
        write_text(self.folder.path / "results.json", json.dumps(results, indent=1))
        writer_of(self.model.logger).flush()
        return replace(self.folder, results=results)


class Curves(TensorBoardOutputFormat):
    """The run's one TensorBoard writer; points that are there already, from `taken_back` on, do not count any more."""

    def __init__(self, folder: Path, taken_back: int | None) -> None:
        self.writer = SummaryWriter(log_dir=str(folder), purge_step=taken_back)
        self._is_closed = False


def export(
    model: BaseAlgorithm, config: TrainConfig, game: Game, path: Path, seconds: float, figures: Sequence[Figures] = ()
) -> float:
    """Writes a model's policy file with its card; returns the largest difference between the two networks' scores."""
    from ..agents.learners.export import export_policy

    card = card_of(config, game, samples=model.num_timesteps, seconds=seconds, figures=figures)
    return export_policy(model, path, card)


def export_checkpoint(run: Run) -> float:
    """Writes the policy file of a run that ended before it could; like `export`, but nothing has been measured."""
    return export(run.load_model(), run.config, registry.load(run.config.game), run.policy, seconds=0.0)


def _promised(game: Game, seats: int) -> dict[str, float]:
    """The curves that TensorBoard shows beside the hyperparameters: their last values count."""
    names = [f"match/win_rate_vs_{name}" if name else "match/score" for name in usual_opponents(game, seats)]
    return dict.fromkeys(["rollout/score", "rollout/perf", "time/samples_per_second_mean", *names], 0.0)
