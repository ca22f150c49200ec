"""A finished tournament as tables for people, as text, CSV, JSON, and a picture."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from ..evaluation import Estimate
from ..run_folder import write_text
from .standing import Standing

WIDTH = 400  # of the text file, where no table is ever wrapped


def told(standing: Standing) -> list[Table]:
    """The ratings, and who did how against whom."""
    return [rating_table(standing), cross_table(standing)]


def rating_table(standing: Standing) -> Table:
    """Best first."""
    facts = standing.facts
    title = f"{facts['title']}, {facts['matches']} matches of each pair, seed {facts['seed']}"
    table = Table(title=title)
    last = ["score", "95% interval"] if standing.alone else ["win rate", "95% interval"]
    for name in ("", "player", "rating", "95% interval", *(["win rate"] if standing.alone else []), *last):
        table.add_column(name, no_wrap=name != "player")
    for place, line in enumerate(standing.lines, start=1):
        rating, rate, score = line.rating, line.win_rate, line.score
        interval = "fixed" if line.anchor else f"{rating.low:.0f} to {rating.high:.0f}"
        scores = [f"{score.mean:.2f}", f"{score.low:.2f} to {score.high:.2f}"]
        rates = [f"{rate.mean:.1%}", f"{rate.low:.1%} to {rate.high:.1%}"]
        cells = [rates[0], *scores] if standing.alone else rates
        table.add_row(str(place), line.name, f"{rating.points:.0f}", interval, *cells)
    return table


def cross_table(standing: Standing) -> Table:
    """Rows against columns: win rates, and below them their 95% intervals."""
    what = "who scored more in the same episode" if standing.alone else "a draw counts half"
    table = Table("", "player", title=f"win rates in %, rows against columns; {what}", show_lines=True)
    for place in range(1, len(standing.lines) + 1):
        table.add_column(str(place), justify="right", no_wrap=True)
    for place, line in enumerate(standing.lines, start=1):
        cells = [_cell(standing.win_rate(line.name, other.name)) for other in standing.lines]
        table.add_row(str(place), line.name, *cells)
    return table


def _cell(rate: Estimate | None) -> str:
    return f"{100 * rate.mean:.1f}\n{100 * rate.low:.0f}-{100 * rate.high:.0f}" if rate else ""


def write_report(standing: Standing, remarks: list[str], folder: Path) -> list[Path]:
    """Writes all forms of it into a folder that exists; what the folder held of an earlier one is replaced."""
    from .picture import write_picture  # late: it loads pygame, or says that it is missing

    texts = {
        "tournament.txt": _text(standing, remarks),
        "ratings.csv": _ratings_csv(standing),
        "pairs.csv": _pairs_csv(standing),
        "tournament.json": json.dumps(_json(standing), indent=1) + "\n",
    }
    for name, text in texts.items():
        write_text(folder / name, text)
    write_picture(standing, folder / "tournament.png")
    return [*(folder / name for name in texts), folder / "tournament.png"]


def _text(standing: Standing, remarks: list[str]) -> str:
    page = io.StringIO()
    console = Console(file=page, width=WIDTH, color_system=None, highlight=False)
    for part in (*remarks, *told(standing)):
        console.print(part)
    return "".join(f"{line.rstrip()}\n" for line in page.getvalue().splitlines())


def _ratings_csv(standing: Standing) -> str:
    head = ["name", "role", "rating", "low", "high", "fixed", "matches", "win_rate", "win_low", "win_high"]
    rows = [
        [
            line.name, line.role, *_rounded(line.rating.points, line.rating.low, line.rating.high), int(line.anchor),
            line.matches, *_rounded(*asdict(line.win_rate).values()), *_rounded(*asdict(line.score).values()),
        ]
        for line in standing.lines
    ]  # fmt: skip
    return _csv([*head, "score", "score_low", "score_high"], rows)


def _pairs_csv(standing: Standing) -> str:
    rows = []
    for (one, other), tally in standing.tallies.items():
        rate = standing.win_rate(one, other)
        assert rate is not None
        counts = [tally.wins, tally.draws, tally.losses]
        rows.append([one, other, tally.matches, *counts, *_rounded(*asdict(rate).values())])
    return _csv(["name", "against", "matches", "wins", "draws", "losses", "win_rate", "low", "high"], rows)


def _csv(head: list[str], rows: list[list[Any]]) -> str:
    page = io.StringIO()
    csv.writer(page, lineterminator="\n").writerows([head, *rows])
    return page.getvalue()


def _json(standing: Standing) -> dict[str, Any]:
    lines = [
        {**asdict(line), "rating": {**asdict(line.rating), "low": line.rating.low, "high": line.rating.high}}
        for line in standing.lines
    ]
    pairs = [
        {"name": one, "against": other, "wins": tally.wins, "draws": tally.draws, "losses": tally.losses}
        for (one, other), tally in standing.tallies.items()
    ]
    return {**standing.facts, "ratings": lines, "pairs": pairs}


def _rounded(*values: float) -> list[float]:
    return [round(value, 4) for value in values]
