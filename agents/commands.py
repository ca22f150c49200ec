"""The command about policy files: `npckit card`."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..errors import UserError, plain
from .ladder import Level, ladder_of
from .policy_file import PolicyFile

MAX_SHOWN = 2000  # characters of one fact


def card(file: Path, /, *, json: bool = False) -> None:
    """Show the card inside a policy file.

    Args:
        file: a policy file, or the name of a rival in the zoo
        json: print the card as JSON
    """
    if file.suffix == ".replay":
        raise UserError(f"{file} is a replay, not a policy; see it with: npckit watch {file}")
    policy = PolicyFile.load(file)
    if json:
        print(policy.card.to_json())
        return
    table = Table(show_header=False, title=Text(plain(policy.path)))
    for name, value in facts_of(policy).items():
        table.add_row(Text(plain(name)), Text(plain(value, MAX_SHOWN)))  # a stranger's words: no markup, no escapes
    Console().print(table)


def facts_of(policy: PolicyFile) -> dict[str, str]:
    """What a person wants to know of a policy, name to text."""
    told, seen = policy.card, policy.card.observation
    parts = "; ".join(f"{part.name} {part.frame_shape} {part.dtype}" for part in seen.parts)
    return {
        "plays": f"{told.game} (rules version {told.rules_version}), as {told.role}",
        "sees": f"{seen.kind}: {parts}, {seen.stack} frame{'s' * (seen.stack > 1)} stacked",
        "does": f"{', '.join(told.actions)}; one decision in {told.decision_ticks} ticks, {told.tick_rate} ticks a second",
        "gives": told.output
        + (f", remembers {', '.join(name for name, _ in told.recurrent)}" if told.recurrent else ""),
        "chooses": f"by chance: softmax(scores / {told.temperature:g})" if told.temperature else "the best action",
        **{f"trained: {key}": str(value) for key, value in told.training.items()},
        **{f"skill: {key}": str(value) for key, value in told.skill.items()},
        **{f"rating: {key}": str(value) for key, value in told.ratings.items() if key != "ladder"},
        **levels_of(policy),
        "made by": f"npckit {told.npckit}",
        "size": f"{Path(policy.path).stat().st_size / 1024:.0f} KiB",
    }


def levels_of(policy: PolicyFile) -> dict[str, str]:
    """The levels of a policy's ladder, name to rating and handicap; nothing where it has none. Raises UserError for an odd one."""
    if "ladder" not in policy.card.ratings:
        return {}
    return {f"level {each.level}": described(each) for each in ladder_of(policy).levels}


def described(level: Level) -> str:
    """Rating, file and handicap of a level in a line."""
    held_back = ", ".join(f"{name} {value:g}" for name, value in level.handicap.to_json().items())
    return f"{level.rating[0]:g}" + f" {level.file}" * bool(level.file) + f" ({held_back or 'no handicap'})"
