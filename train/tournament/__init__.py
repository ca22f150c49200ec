"""`npckit tournament`: everybody against everybody, rated on the scale of the title's anchors."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import tyro
from rich.console import Console
from rich.progress import track

from ...agents import anchors as anchor_file
from ...errors import UserError
from ...games import registry
from .book import Book
from .entrants import read_entrants
from .report import told, write_report
from .standing import Standing, hold, pairs_of

Arg = tyro.conf.arg
Title = Annotated[str, Arg(help="a title's name, or the path of its folder")]
Names = Annotated[
    tuple[str, ...],
    Arg(help="random, bots, .onnx files, folders of runs, shipped rivals; all the title's bots when empty"),
]
Matches = Annotated[int, Arg(help="of each pair, sides swapped; 0 for 200, or 400 of --anchors")]
Seats = Annotated[int, Arg(help="how many play, in titles that allow several counts; 0 for the most")]
OutFolder = Annotated[
    Path | None, Arg(help="a folder for tables and a picture; the same line goes on there after an interruption")
]
Measure = Annotated[
    bool, Arg(help="measure the title's bots and write ratings.json beside its rules: the fixed points")
]
USUAL_MATCHES = 200


def tournament(
    title: Title,
    agents: Names = (),
    /,
    *,
    matches: Matches = 0,
    seed: int = 0,
    seats: Seats = 0,
    out: OutFolder = None,
    anchors: Measure = False,
) -> None:
    """Rate agents in a seeded round robin: a cross table of win rates, and ratings, with 95% intervals."""
    if anchors:
        _measure(title, agents, matches, seed)
        return
    console = Console()
    standing, remarks = run_tournament(title, agents, matches=matches, seed=seed, seats=seats, out=out)
    for part in (*remarks, *told(standing)):
        console.print(part, highlight=False)
    if out is not None:
        console.print(f"wrote {', '.join(str(path) for path in write_report(standing, remarks, out))}", soft_wrap=True)


def run_tournament(
    title: str, names: tuple[str, ...] = (), *, matches: int = 0, seed: int = 0, seats: int = 0, out: Path | None = None
) -> tuple[Standing, list[str]]:
    """How everybody did, and what is to be said of who could not play. UserError: fewer than two can, or `out` does not fit."""
    matches = matches or USUAL_MATCHES
    if matches < 2:
        raise UserError(f"an interval needs at least 2 matches of each pair; got {matches}.")
    game = registry.load(title)
    seats = game.spec.seat_count(seats)
    entrants, remarks = read_entrants(game, names, seats)
    pairs = pairs_of(game, entrants, seats)
    book = Book(game, out, matches=matches, seed=seed, seats=seats)
    shown = track(pairs, "playing", console=Console(stderr=True), transient=True)
    return hold(game, entrants, shown, book), remarks


def _measure(title: str, agents: tuple[str, ...], matches: int, seed: int) -> None:
    if agents:
        raise UserError(f"--anchors measures a title's own bots; leave out {', '.join(agents)}.")
    game = registry.load(title)
    path = anchor_file.write(game, matches=matches or anchor_file.MATCHES, seed=seed)
    for seats in game.spec.seat_counts:
        for role, levels in anchor_file.anchors(game, seats).items():
            found = ", ".join(f"{level} {each.points:.0f} ± {each.deviation:.0f}" for level, each in levels.items())
            print(f"{game.name}, {seats} seat{'s' * (seats > 1)}, {role}: {found}")
    print(f"wrote {path}")
