"""The commands `npckit train`, `evaluate`, `tensorboard` and `demo`."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import tyro
from rich.console import Console
from rich.table import Table

from ..errors import UserError, missing_extra
from ..flags import parse
from ..games import registry
from ..games.files import check_target
from .board import one_folder
from .config import TrainConfig
from .evaluation import Figures
from .evaluation import evaluate as measure
from .presets import find_preset, load_preset, preset_names, starting_point
from .run_folder import Run, free_folder, write_text

Arg = tyro.conf.arg
Config = Annotated[TrainConfig, Arg(name="")]
Preset = Annotated[str, Arg(help="a preset of the title, or the path of a .toml file; other flags change what it says")]
Policy = Annotated[
    str,
    Arg(
        help="an .onnx file (FILE@4: its level 4), the folder of a run, the name of a shipped rival, or a bot (with --game)"
    ),
]
Against = Annotated[tuple[str, ...], Arg(help="random, bots, .onnx files; all the title's bots when empty")]
GameName = Annotated[str, Arg(help="the title, where the policy does not say it")]
DemoGame = Annotated[str, Arg(help="the title; the first that has the preset when empty")]
RoleName = Annotated[str, Arg(help="whose part a bot plays, in titles of several roles; the first when empty")]
Seats = Annotated[
    int, Arg(help="how many play, in titles that allow several counts; 0 for as many as in training, or the most")
]
JsonOut = Annotated[Path | None, Arg(name="json", help="also write the figures to this new file")]
LogFolders = Annotated[tuple[Path, ...], Arg(help="runs, or folders of runs; the folder runs when empty")]
DemoFolder = Annotated[Path, Arg(help="the run's folder; where it is taken, the next free number is added")]


def train(config: Config, *, preset: Preset = "") -> None:
    """Train an agent: name a title, then flags, for example --obs planes --minutes 5.

    npckit train --resume RUN goes on with a run that was killed or interrupted, from its last checkpoint; --total-samples N: for longer.
    """
    end(_trained(config))


def end(run: Run) -> None:
    if run.results["interrupted"]:
        raise KeyboardInterrupt  # saved, but a script that goes on to the next command should not


def train_from_args(args: Sequence[str]) -> None:
    """Reads the title and the preset first: they set what the other flags fall back to, and what --help shows of them."""
    if any(arg.partition("=")[0] == "--resume" for arg in args):
        end(_resumed(args))
        return
    if not args or args[0].startswith("-"):
        if {"-h", "--help"} & {*args}:
            tyro.cli(train, prog="npckit train", args=list(args))
        raise UserError(
            f"name a title first: npckit train TITLE and then the flags; the titles are {', '.join(registry.names())}."
        )
    name, start = args[0], starting_point(args[0], *_early_flags(args))

    def command(config: Config = start, *, preset: Preset = "") -> None:
        train(config, preset=preset)

    known_presets = ", ".join(preset_names(registry.load(name))) or "none"
    command.__doc__ = f"{train.__doc__}\n\nPresets of {name}: {known_presets}."
    parse(command, "npckit train", args)()


def _resumed(args: Sequence[str]) -> Run:
    """Goes on with a run; its own config decides everything."""
    flags = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    flags.add_argument("--resume", required=True)
    flags.add_argument("--total-samples", "--total_samples", type=int, default=0)
    try:
        known, others = flags.parse_known_args(list(args))
    except argparse.ArgumentError:
        others = list(args)
    if others:
        raise UserError(
            "npckit train --resume RUN stands alone: name the folder of the run, and no title or other flags, for its config.toml has "
            "them; only --total-samples may follow, a number that is larger than the run's own."
        )
    from . import resume  # late: it loads torch, or says that it is missing

    return resume(known.resume, total_samples=known.total_samples)


def _early_flags(args: Sequence[str]) -> tuple[str | None, str | None, str | None]:
    """The preset, algorithm and observation that the arguments ask for."""
    early = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    for flag in ("--preset", "--algorithm", "--obs"):
        early.add_argument(flag)
    try:
        known, _ = early.parse_known_args(list(args))
    except argparse.ArgumentError as error:
        raise UserError(f"{error.argument_name} needs a value; see npckit train --help.") from None
    return known.preset, known.algorithm, known.obs


train.read_args = train_from_args  # type: ignore[attr-defined]  # npckit.cli hands the arguments over unread


def evaluate(
    policy: Policy,
    /,
    *,
    game: GameName = "",
    role: RoleName = "",
    seats: Seats = 0,
    against: Against = (),
    matches: int = 1000,
    seed: int = 0,
    out: JsonOut = None,
) -> None:
    """Measure an agent in seeded matches, sides swapped: means with 95% intervals."""
    if out is not None:
        _check_new(out)
    figures = measure(policy, game=game or None, role=role, seats=seats, against=against, matches=matches, seed=seed)
    Console().print(table_of(figures, f"{policy}: {matches} matches each, seed {seed}"))
    if out is not None:
        write_text(out, _as_json(figures))
        print(f"wrote {out}")


def tensorboard(runs: LogFolders = (), /, *, port: int = 6006, host: str = "localhost") -> None:
    """Open the charts of runs, side by side: prints an address for your browser. docs/tensorboard.md explains them."""
    with one_folder(runs or (Path("runs"),)) as folder:
        try:
            from tensorboard import default, program
        except ModuleNotFoundError as error:
            raise missing_extra(error.name or "tensorboard", "train") from error
        server = program.TensorBoard(default.get_plugins())
        server.configure((None, "--logdir", str(folder), "--port", str(port), "--host", host))
        if server.main():
            raise UserError(f"TensorBoard cannot use port {port} of {host}; choose another with --port.")


def demo(game: DemoGame = "", /, *, out: DemoFolder = Path("demo"), preset: Preset = "demo", seed: int = 0) -> None:
    """Train for a minute, evaluate against the bots, record a match: no display, GPU or network needed."""
    config = load_preset(game, preset) if game else find_preset(preset)
    run = _trained(replace(config, out=str(free_folder(out)), seed=seed))
    video = run.path / "match.mp4"
    _record(run, video)
    print(f"\n  the run      {run.path}\n  the policy   {run.policy}\n  the match    {video}")
    end(run)


def _record(run: Run, video: Path) -> None:
    """A match against the hardest bot."""
    from ..playback.commands import record
    from .report import seated_names

    title, seats = run.config.game, run.config.seats
    names = seated_names(registry.load(title), run.config.role, seats, str(run.policy))
    record(title, names, seats=seats, out=video, seed=0)


def _trained(config: TrainConfig) -> Run:
    from . import run  # late: it loads torch, or says that it is missing

    return run(config)


def _check_new(path: Path) -> None:
    check_target(path, ".json")
    if path.exists():
        raise UserError(f"{path} exists already; choose another name, so that nothing is overwritten.")


def _as_json(figures: Sequence[Figures]) -> str:
    return json.dumps([each.as_dict() for each in figures], indent=1) + "\n"


def table_of(figures: Sequence[Figures], title: str) -> Table:
    table = Table("against", "win rate", "95% interval", "score", "95% interval ", "perf", title=title)
    for each in figures:
        rate = each.win_rate
        wins = (f"{rate.mean:.1%}", f"{rate.low:.1%} to {rate.high:.1%}") if rate else ("", "")
        score = each.score
        table.add_row(
            each.opponent or "alone",
            *wins,
            f"{score.mean:+.2f}",
            f"{score.low:+.2f} to {score.high:+.2f}",
            f"{each.perf:.2f}",
        )
    return table
