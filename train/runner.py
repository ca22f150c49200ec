"""A run from beginning to end: check, build, learn, measure, export, and say what to do next."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.callbacks import CallbackList
from stable_baselines3.common.logger import configure

from ..games import registry
from ..games.contract import Game
from .callbacks import Checkpoints, Evaluation, Metrics, StopWhenAsked, asked_to_stop
from .cards import card_of
from .charts import log_config, writer_of
from .config import TrainConfig, resolved
from .evaluation import Figures, usual_opponents
from .models import Budget, build_env, build_model, device_named, use_threads
from .progress import Display, Status, clock, display_for, short
from .run_folder import Run, create_run, write_text


def run(config: TrainConfig, *, quiet: bool = False) -> Run:
    """Trains a policy and returns its run, with `policy.onnx` in its folder. Ctrl-C ends it early and in order.

    Raises UserError before any work where the config cannot be, and later where the disk refuses; what was saved stays.
    """
    config, game = resolved(config)
    device_named(config.device)
    config = replace(config, threads=use_threads(config.threads))
    trainer = Trainer(config, game, quiet=quiet)
    return trainer.run()


class Trainer:
    """The parts of one run."""

    def __init__(self, config: TrainConfig, game: Game, *, quiet: bool) -> None:
        self.config, self.game, self.quiet = config, game, quiet
        self.budget, self.status = Budget(config.minutes), Status()
        self.env = build_env(config, game)
        self.model = build_model(config, self.env, self.budget)
        self.folder = create_run(config)
        self.model.set_logger(configure(str(self.folder.path), ["tensorboard"]))

    def run(self) -> Run:
        """Learns until the samples or the minutes are used up, or somebody asks to stop."""
        if not self.quiet:
            print(
                f"training {self.game.name} with {self.config.algorithm} on {self.config.obs} in {self.folder.path}",
                flush=True,
            )
        display = display_for(quiet=self.quiet)
        try:
            with asked_to_stop() as asked:
                figures = self._learn(display, asked)
                done = self._finish(figures, interrupted=asked.is_set())
        finally:
            display.close()
            self.model.logger.close()
            self.env.close()
        if not self.quiet:
            print(told(done, self.game))
        return done

    def _learn(self, display: Display, asked: Any) -> list[Figures]:
        config, budget, status = self.config, self.budget, self.status
        metrics = Metrics(config, self.game, budget, status, display)
        evaluation = Evaluation(config, self.game, status, display, metrics)
        log_config(self.model, config, _promised(self.game, config.seats))
        callbacks: list[Any] = [StopWhenAsked(budget, asked), evaluation, metrics, Checkpoints(config, self.folder)]
        budget.start()
        self.model.learn(config.total_samples, CallbackList(callbacks), log_interval=None)  # type: ignore[arg-type]  # None: we log
        self.seconds = budget.elapsed
        self.folder.save_checkpoint(self.model)
        figures = evaluation.evaluate(min(config.final_matches, 20) if asked.is_set() else config.final_matches)
        metrics.log()
        return figures

    def _finish(self, figures: Sequence[Figures], *, interrupted: bool) -> Run:
        """Writes the policy and the results."""
        samples = self.model.num_timesteps
        results = {
            "samples": samples,
            "seconds": round(self.seconds, 1),
            "samples_per_second": round(self.status.samples_per_second),
            "interrupted": interrupted,
            "score": self.status.score,
            "matches": [each.as_dict() for each in figures],
        }
        results["parity"] = export(self.model, self.config, self.game, self.folder.policy, self.seconds, figures)
        write_text(self.folder.path / "results.json", json.dumps(results, indent=1))
        writer_of(self.model.logger).flush()
        return replace(self.folder, results=results)


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
    return dict.fromkeys(["rollout/score", "rollout/perf", "time/samples_per_second", *names], 0.0)


def told(run: Run, game: Game) -> str:
    """What a finished run says: figures, and the commands that come next."""
    results, policy = run.results, shlex.quote(str(run.policy))
    lines = [
        f"{'interrupted' if results['interrupted'] else 'done'}: {short(results['samples'])} samples in {clock(results['seconds'])}"
        f" ({short(results['samples_per_second'])} samples/s)",
        *(_figures_line(each) for each in results["matches"]),
        "",
        f"  watch it     npckit watch {run.config.game} {_seated(run, game, policy)}",
        *_play_line(run, game, policy),
        f"  evaluate it  npckit evaluate {policy}{'' if game.name == run.config.game else f' --game {run.config.game}'}",
        f"  chart it     npckit tensorboard {shlex.quote(str(run.path))}",
    ]
    return "\n".join(lines)


def _play_line(run: Run, game: Game, policy: str) -> list[str]:
    """A person sits where the policy does not; nobody does where one plays alone."""
    side = game.spec.sides(run.config.role, run.config.seats)[-1]
    free = next((seat for seat in range(run.config.seats) if seat not in side), None)
    if free is None:
        return []
    seat = f" --seat {game.spec.seat_names[free] if game.spec.seat_names else free}" if free else ""
    return [f"  play it      npckit play {run.config.game}{seat} --against {policy}"]


def _seated(run: Run, game: Game, policy: str) -> str:
    """As `npckit watch` takes it."""
    names = seated_names(run, game, policy)
    return " ".join([*names, *([f"--seats {len(names)}"] if len(names) < game.spec.max_seats else [])])


def seated_names(run: Run, game: Game, policy: str) -> tuple[str, ...]:
    """The policy on one side and the hardest bot on the others."""
    side = game.spec.sides(run.config.role)[0]
    return tuple(policy if place in side else game.hardest for place in range(run.config.seats))


def _figures_line(figures: dict[str, Any]) -> str:
    score, rate = figures["score"], figures["win_rate"]
    text = f"score {score['mean']:+.2f} [{score['low']:+.2f}, {score['high']:+.2f}]"
    if rate is not None:
        text = f"wins {rate['mean']:6.1%} [{rate['low']:.1%}, {rate['high']:.1%}]  {text}"
    return f"  {'vs ' + figures['opponent'] if figures['opponent'] else 'alone':<12} {text}  ({figures['matches']} matches)"
