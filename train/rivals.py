"""The commands `npckit populations`, `exploit` and `zoo`: how rivals are bred, tried and shipped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

import tyro
from rich.console import Console
from rich.table import Column, Table

from ..agents.policy_file import PolicyFile
from ..errors import UserError
from .commands import end, table_of
from .presets import load_preset
from .progress import short
from .run_folder import numbered_folder

Arg = tyro.conf.arg
OptionalGame = Annotated[str, Arg(metavar="TITLE", help="a title's name, or the path of its folder")]
Presets = Annotated[
    tuple[str, ...], Arg(metavar="PRESET", help="a preset of the title, or a .toml file, for each role")
]
PopulationsOut = Annotated[Path, Arg(help="where their folders are made; by default runs/<game>-populations-<number>")]
ResumeOut = Annotated[Path | None, Arg(help="the folder of populations to go on with")]
Victim = Annotated[str, Arg(metavar="FILE", help="an .onnx file, or the name of a shipped rival")]
ExploitOut = Annotated[str, Arg(help="the folder of the run that looks for it; by default the next free one in runs")]
ZooDoes = Annotated[
    Literal["verify", "add", "ladder", "exploit"], Arg(metavar="verify|add|ladder|exploit", help="what to do")
]
ZooNames = Annotated[
    tuple[str, ...],
    Arg(metavar="NAME", help="rivals, all when empty; verify: or .onnx files; add: the folder of a run, and a name"),
]
ZooMatches = Annotated[int, Arg(help="each; 0: 400 of a level or a best response, else 1,000 matches or episodes")]
ZooMinutes = Annotated[float, Arg(help="exploit: how long each best response learns")]
Strict = Annotated[bool, Arg(help="verify: fail where a rival falls short")]


def populations(
    game: OptionalGame = "",
    presets: Presets = (),
    /,
    *,
    out: PopulationsOut = Path(),
    resume: ResumeOut = None,
    seed: int = 0,
) -> None:
    """Train a title's roles against each other, in turns: name the title and a preset for every role.

    Each role is a run in a folder of its own within --out. npckit populations --resume FOLDER goes on with them.
    """
    from . import resume_populations, train_populations  # late: they load torch, or say that it is missing

    if resume is not None:
        if game or presets:
            raise UserError("npckit populations --resume FOLDER stands alone; the folder has all settings.")
        runs = resume_populations(resume)
    else:
        if not game:
            raise UserError("name a title and a preset for each of its roles: npckit populations TITLE PRESET PRESET.")
        folder = out if out != Path() else numbered_folder(Path("runs") / f"{Path(game).name}-populations")
        runs = train_populations([replace(load_preset(game, each), seed=seed) for each in presets], folder)
    for each in runs:
        end(each)


def exploit(
    policy: Victim, /, *, minutes: float = 5.0, matches: int = 400, seed: int = 0, out: ExploitOut = ""
) -> None:
    """Look for a way to beat a policy: train against it alone, from nothing, and report how often that wins and a replay of how.

    Below one half it holds out against so much training; far above, people will find the same way.
    """
    from .exploit import best_response

    if not 0 < minutes <= 1e6:
        raise UserError(f"--minutes is a number above 0; got {minutes}.")
    found = best_response(policy, minutes=minutes, matches=matches, seed=seed, out=out)
    rate = found.win_rate
    print(
        f"\n{policy} loses {rate.mean:.1%} [{rate.low:.1%}, {rate.high:.1%}] of {matches} matches to {found.run.policy}"
    )
    print(
        f"  how          npckit watch {found.replay}"
        if found.replay
        else "  none of its matches was lost clearly enough to show"
    )
    end(found.run)


def zoo(
    does: ZooDoes,
    names: ZooNames = (),
    /,
    *,
    matches: ZooMatches = 0,
    seed: int = 0,
    strict: Strict = False,
    minutes: ZooMinutes = 2.0,
) -> None:
    """Measure the shipped rivals against what their titles aim at (verify), or ship one (add).

    Measure their levels anew (ladder), or look for ways to beat them (exploit); both are noted in their cards.
    """
    if strict and does != "verify":
        raise UserError(f"--strict belongs to npckit zoo verify; leave it out of npckit zoo {does}.")
    match does:
        case "verify":
            _verify(names, matches=matches or 1000, seed=seed, strict=strict)
        case "add":
            _add(names, matches or 1000)
        case "ladder":
            _grade(names, matches=matches or 400, seed=seed)
        case "exploit":
            _try_out(names, minutes=minutes, matches=matches or 400, seed=seed)


def _add(names: Sequence[str], matches: int) -> None:
    from .exploit import is_faced
    from .zoo import take_in

    if len(names) != 2:
        raise UserError("npckit zoo add RUN NAME takes the folder of a run and the name that its rival is to bear.")
    figures = take_in(Path(names[0]), names[1], matches=matches)
    Console().print(table_of(figures, f"{names[1]}: {matches} matches each"))
    print(f"  its levels   npckit zoo ladder {names[1]}")
    if is_faced(PolicyFile.load(names[1])):
        print(f"  try it       npckit zoo exploit {names[1]}")


def _grade(names: Sequence[str], *, matches: int, seed: int) -> None:
    from .ladder import check_matches, table_of
    from .zoo import grade

    check_matches(matches)
    for name, found in grade(names, matches=matches, seed=seed, tell=lambda line: print(line, flush=True)):
        Console().print(table_of(found, f"{name}: {matches} matches a pairing, seed {seed}"))


def _try_out(names: Sequence[str], *, minutes: float, matches: int, seed: int) -> None:
    from .zoo import try_out

    if not 0 < minutes <= 1e6:
        raise UserError(f"--minutes is a number above 0; got {minutes}.")
    table = Table("rival", "loses", "95% interval", "after samples", "how", title=f"{matches} matches each")
    for name, found in try_out(names, minutes=minutes, matches=matches, seed=seed):
        rate, samples = found.win_rate, found.run.results["samples"]
        how = f"npckit watch {found.replay}" if found.replay else ""
        table.add_row(name, f"{rate.mean:.1%}", f"{rate.low:.1%} to {rate.high:.1%}", short(samples), how)
    Console().print(table)


def _verify(names: Sequence[str], *, matches: int, seed: int, strict: bool) -> None:
    from .zoo import verify

    name = Column("rival", no_wrap=True)
    table = Table(name, "role", "aim", "reached", "95% interval", "", title=f"{matches} matches or episodes each")
    verdicts = list(verify(names, matches=matches, **({"seed": seed} if seed else {})))
    for each in verdicts:
        shown = "{:.1%}".format if each.aim.is_share else "{:.2f}".format
        found = each.reached
        told = "met" if each.met else f"short by {shown(each.aim.least - found.mean)}"
        interval = f"{shown(found.low)} to {shown(found.high)}"
        table.add_row(each.rival, each.role, each.aim.told, shown(found.mean), interval, told)
    Console().print(table)
    behind = sorted({each.rival for each in verdicts if not each.met})
    if strict and behind:
        raise UserError(f"these fall short of their titles' aims: {', '.join(behind)}; train them for longer.")
