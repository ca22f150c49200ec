"""The command `npckit ladder`: ten measured levels of a policy, written into its card."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import tyro
from rich.console import Console
from rich.table import Table

from ..agents.ladder import BARE_NAME, Ladder, check_same_part
from ..agents.policy_agent import obs_of
from ..agents.policy_file import PolicyFile, with_card, write_whole
from ..errors import UserError
from ..games import registry
from ..games.files import check_target
from .calibration import Plan, calibrate
from .cards import seats_of
from .report import play_command, watch_command
from .run_folder import Run

Arg = tyro.conf.arg
File = Annotated[Path, Arg(help="an .onnx file, the folder of a run, or with --out the name of a shipped rival")]
Snapshots = Annotated[
    tuple[Path, ...],
    Arg(help="weaker policies from the same training; of a run those in its folder snapshots when empty"),
]
Matches = Annotated[int, Arg(help="of each level against each bot, and against the next level")]
Out = Annotated[Path | None, Arg(help="a new file; without it the levels go into the policy's own card")]
GameName = Annotated[str, Arg(help="the folder of the title, where npckit does not ship it")]
Seats = Annotated[
    int, Arg(help="how many play, in titles that allow several counts; 0 for as in training, or the most")
]
FEWEST = 40  # matches; fewer tell nothing


def ladder(
    file: File,
    /,
    *,
    snapshots: Snapshots = (),
    matches: Matches = 400,
    seed: int = 0,
    seats: Seats = 0,
    game: GameName = "",
    out: Out = None,
) -> None:
    """Measure ten levels of a policy, from about the weakest bot to full strength, and write them into its card."""
    check_matches(matches)
    run = Run.open(file) if (file / "config.toml").is_file() else None
    policy = PolicyFile.load(run.exported() if run else file)
    target = _target(file, policy, out)
    named = game or (run.config.game if run else "")
    title = registry.load(named) if named else registry.installed(policy.card.game)
    obs_of(policy.card, title, policy.card.role)
    paths = snapshots or (sorted((run.path / "snapshots").glob("*.onnx")) if run else ())
    weaker = _snapshots(policy, paths, target)
    seats = seats or (run.config.seats if run else seats_of(policy, title))
    plan = Plan(title, policy, weaker, seats=seats, matches=matches, seed=seed)
    found = calibrate(plan, lambda line: print(line, flush=True))
    write_ladder(policy, found, target, weaker)
    Console().print(table_of(found, f"{target}: {matches} matches a pairing, seed {seed}"))
    place, name = (title, game or title.name, policy.card.role, seats), shlex.quote(str(target))
    against = f"play against a level: {play_command(*place, name)} --level 3"
    alone = f"watch a level: {watch_command(*place, f'{name}@3')}"
    print(f"wrote {target}; {against if found.unit == 'points' else alone}")


def check_matches(matches: int) -> None:
    """Raises UserError where so few tell nothing."""
    if matches < FEWEST:
        raise UserError(f"levels are told apart by {FEWEST} matches at least; got {matches}.")


def write_ladder(policy: PolicyFile, found: Ladder, target: Path, snapshots: Sequence[PolicyFile] = ()) -> None:
    """Writes the policy with this ladder in its card, and beside it the snapshots that play in it. Raises UserError."""
    used = {level.file for level in found.levels}
    for snapshot in snapshots:
        beside = target.parent / snapshot.path.name
        if snapshot.path.name in used and not beside.exists():
            write_whole(beside, snapshot.path.read_bytes())
    card = replace(policy.card, ratings={**policy.card.ratings, **found.to_json()})
    write_whole(target, with_card(policy.path.read_bytes(), card))


def _target(file: Path, policy: PolicyFile, out: Path | None) -> Path:
    if out is None:
        if not file.exists():
            raise UserError(f"{file} is shipped with npckit and stays as it is; name a file of your own with --out.")
        return policy.path
    check_target(out, ".onnx")
    if out.exists():
        raise UserError(f"{out} exists already; choose another --out, so that nothing is overwritten.")
    return out


def _snapshots(policy: PolicyFile, paths: Sequence[Path], target: Path) -> list[PolicyFile]:
    """Checked before any match: same part of the same title, and a name that can stand in the ladder."""
    taken = {target.name}
    for path in paths:
        beside = target.parent / path.name
        if path.name in taken or not BARE_NAME.fullmatch(path.name):
            raise UserError(f"{path} needs a name of its own of letters, digits, dots and dashes; rename it.")
        if beside.exists() and path.exists() and not beside.samefile(path) and beside.read_bytes() != path.read_bytes():
            raise UserError(f"{path} would go beside {target}, where another {path.name} lies; rename one of them.")
        taken.add(path.name)
    found = [PolicyFile.load(path) for path in paths]
    for snapshot in found:
        check_same_part(policy, snapshot)
    return found


def table_of(found: Ladder, title: str) -> Table:
    """Every level with its rating and its handicap."""
    names = ["delay", "aim_error", "inattention", "temperature"]
    file_too = any(level.file for level in found.levels)
    table = Table("level", "rating" if found.unit == "points" else "score", title=title)
    for name in ["95% interval", *["file"] * file_too, *names]:
        table.add_column(name.removesuffix("_error"), no_wrap=name == "95% interval", overflow="fold")
    for level in found.levels:
        points, low, high = (f"{value:.0f}" if found.unit == "points" else f"{value:.2f}" for value in level.rating)
        held_back = [f"{getattr(level.handicap, name):g}" for name in names]
        table.add_row(str(level.level), points, f"{low} to {high}", *[level.file] * file_too, *held_back)
    return table
