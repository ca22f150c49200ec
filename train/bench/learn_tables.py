"""The tables of `npckit bench learn`, and a line for each row as soon as it stands."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table

from .lines import EQUAL, OURS
from .measure import Row

PARTS = ("simulate", "infer", "learn", "other")
WIDTH = 130  # characters at least: a folded table cannot be read
NOTHING = "not measured"


def short_row(row: Row) -> str:
    """
    >>> short_row({"line": "ppo", "learner": "npckit", "samples_per_second": 1234.5})
    'ppo: npckit: 1,234 samples/s'
    >>> short_row({"line": "ppo", "learner": "npckit", "runs": [], "median_seconds": None})
    'ppo: npckit: median not reached'
    """
    if "failed" in row:
        told = f"failed: {row['failed']}"
    elif "runs" in row:
        told = f"median {_seconds(row['median_seconds'])}"
    else:
        told = f"{row['samples_per_second']:,.0f} samples/s"
    return f"{row['line']}: {row['learner']}: {told}"


def print_speed(told: Row) -> None:
    """Samples a second, where the time goes, updates, and memory; how many times as fast as the equal peer ours is."""
    heads = ("line", "learner", "samples/s", "times", *PARTS, "updates / 1,000", "peak MB")
    gpu = ("GPU MB", "GPU busy") if any("cuda" in row.get("device", "") for row in told["speed"]) else ()
    table = Table(*heads, *gpu, title=_title(told))
    for row, name in _named(told["speed"]):
        if "failed" in row:
            table.add_row(name, row["learner"], "failed")
            continue
        shares = [f"{row[part]:.0%}" for part in PARTS]
        work = [f"{row['updates_per_1000_samples']:.2f}", _number(row["peak_mb"])]
        busy = [_number(row["gpu_mb"]), _number(row["gpu_utilisation"], "%")] if gpu else []
        speed = [f"{row['samples_per_second']:,.0f}", times_as_fast(row, told["speed"])]
        table.add_row(name, row["learner"], *speed, *shares, *work, *busy)
    _print(table)


def times_as_fast(row: Row, rows: list[Row]) -> str:
    """Ours by the equal peer of the same line.

    >>> ours = {"line": "a", "kind": "ours", "samples_per_second": 30.0}
    >>> times_as_fast(ours, [ours, {"line": "a", "kind": "equal", "samples_per_second": 10.0}])
    '3.0'
    """
    if row["kind"] != OURS:
        return ""
    peers = [each for each in rows if each["line"] == row["line"] and each["kind"] == EQUAL]
    if not peers:
        return "no peer exists"
    theirs = peers[0].get("samples_per_second")
    return f"{row['samples_per_second'] / theirs:.1f}" if theirs else NOTHING


def print_skill(told: Row) -> None:
    """Seconds of training to the goal: the median, and each seed."""
    table = Table("preset", "learner", "goal", "seconds", "each seed", "samples", title=_title(told))
    for row, name in _named(told["skill"]):
        each = ", ".join(_seconds(run.get("seconds")) for run in row["runs"])
        samples = ", ".join(f"{run['samples'] / 1e6:.2f} M" for run in row["runs"] if "samples" in run)
        table.add_row(name, row["learner"], row["goal"], _seconds(row["median_seconds"]), each, samples)
    _print(table)


def _named(rows: list[Row]) -> list[tuple[Row, str]]:
    """Rows with their names, which are told once."""
    return [
        (row, "" if before and before["line"] == row["line"] else row["line"])
        for row, before in zip(rows, [None, *rows], strict=False)
    ]


def _print(table: Table) -> None:
    Console(width=max(Console().width, WIDTH)).print(table)


def _title(told: Row) -> str:
    return f"{told['title']} on {told['machine']}, {told['cores']} cores, device {told['device']}"


def _seconds(value: Any) -> str:
    return "not reached" if value is None else f"{value:.1f}"


def _number(value: Any, unit: str = "") -> str:
    return NOTHING if value is None else f"{value:,.0f}{unit}"
