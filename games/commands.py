"""The commands about titles: `npckit games` and `npckit check`."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from ..errors import UserError
from . import golden, registry
from .check import check_game


def games() -> None:
    """List the titles with their seats and actions."""
    table = Table("title", "seats", "actions", "")
    for name in registry.names():
        spec = registry.load(name).spec
        actions = "; ".join(f"{', '.join(spec.actions_of(role))}" for role in dict.fromkeys(spec.roles))
        table.add_row(name, " or ".join(map(str, spec.seat_counts)), actions, spec.summary)
    Console().print(table)


def check(title: str, /, *, write_golden: bool = False) -> None:
    """Check a title against the contract; says in sentences what is wrong.

    Args:
        title: name, or path of a title's folder
        write_golden: declare today's rules right, and write their golden traces
    """
    game = registry.load(title)
    findings = check_game(game)
    if write_golden and not findings:
        print(f"wrote {golden.write(game)}")
    findings += golden.differences(game)
    for finding in findings:
        print(f"{game.name}: {finding}")
    if findings:
        raise UserError(
            f"{game.name} has {len(findings)} finding{'s' * (len(findings) > 1)}; mend what is said above and check again."
        )
    print(f"{game.name} keeps the contract.")
