"""What a run says when it ends: its figures, and the commands that come next."""

from __future__ import annotations

import shlex
from typing import Any

from ..games.contract import Game
from .progress import clock, short
from .run_folder import Run


def told(run: Run, game: Game) -> str:
    """What a finished run says: figures, and the commands that come next."""
    results, policy, title = run.results, shlex.quote(str(run.policy)), run.config.game
    place = game, title, run.config.role, run.config.seats
    play = play_command(*place, policy)
    went_on = [f", gone on with at {short(samples)}" for samples in results["resumed"][-1:]]
    lines = [
        f"{'interrupted' if results['interrupted'] else 'done'}: {short(results['samples'])} samples in {clock(results['seconds'])}"
        f" ({short(results['samples_per_second'])} samples/s{''.join(went_on)})",
        *(_figures_line(each) for each in results["matches"]),
        "",
        f"  watch it     {watch_command(*place, policy)}",
        *([f"  play it      {play}"] if play else []),
        f"  evaluate it  npckit evaluate {policy}{'' if game.name == title else f' --game {title}'}",
        f"  chart it     npckit tensorboard {shlex.quote(str(run.path))}",
        *([f"  go on        npckit train --resume {shlex.quote(str(run.path))}"] if results["interrupted"] else []),
    ]
    return "\n".join(lines)


def play_command(game: Game, title: str, role: str, seats: int, policy: str) -> str:
    """A person sits where the policy does not; empty where one plays alone. `title`: the name or folder of the game."""
    side = game.spec.sides(role, seats)[-1]
    free = next((seat for seat in range(seats) if seat not in side), None)
    if free is None:
        return ""
    seat = f" --seat {game.spec.seat_names[free] if game.spec.seat_names else free}" if free else ""
    return f"npckit play {title}{seat} --against {policy}"


def watch_command(game: Game, title: str, role: str, seats: int, policy: str) -> str:
    """The policy against the hardest bot, in the window."""
    names = seated_names(game, role, seats, policy)
    fewer = f" --seats {seats}" if seats < game.spec.max_seats else ""
    return f"npckit watch {title} {' '.join(names)}{fewer}"


def seated_names(game: Game, role: str, seats: int, policy: str) -> tuple[str, ...]:
    """The policy on one side and the hardest bot on the others."""
    side = game.spec.sides(role)[0]
    return tuple(policy if place in side else game.hardest for place in range(seats))


def _figures_line(figures: dict[str, Any]) -> str:
    score, rate = figures["score"], figures["win_rate"]
    text = f"score {score['mean']:+.2f} [{score['low']:+.2f}, {score['high']:+.2f}]"
    if rate is not None:
        text = f"wins {rate['mean']:6.1%} [{rate['low']:.1%}, {rate['high']:.1%}]  {text}"
    return f"  {'vs ' + figures['opponent'] if figures['opponent'] else 'alone':<12} {text}  ({figures['matches']} matches)"
