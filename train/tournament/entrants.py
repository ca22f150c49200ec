"""Who enters a tournament: names from the command line become players; a file that cannot play is told of and left out."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...agents.anchors import label
from ...agents.pairing import Player, bot_player, can_meet
from ...agents.policy_agent import PolicyAgent, obs_of
from ...agents.policy_file import PolicyFile, shipped
from ...agents.seats import agent_named
from ...errors import UserError
from ...games.contract import Game


@dataclass(frozen=True)
class Entrant:
    """`name` is what tables call it; `key` what it is: a bot's level and role, or the hash of a policy file."""

    name: str
    key: str
    player: Player


def read_entrants(game: Game, names: Sequence[str], seats: int) -> tuple[list[Entrant], list[str]]:
    """Entrants in the order of their names, and a sentence for each file that is left out and each bot that joins.

    A bot enters for every role. UserError: a name means nothing, or fewer than two who can meet are left.
    """
    remarks: list[str] = []
    wanted = list(dict.fromkeys(names)) or ["random", *game.bots]
    levels = [name for name in wanted if name == "random" or name in game.bots]
    policies = _policies(game, [name for name in wanted if name not in levels], seats, remarks)
    if not levels:
        levels = [game.hardest]
        remarks.append(f"{game.hardest} plays too, since ratings need a fixed point.")
    roles = list(dict.fromkeys(game.spec.roles[:seats]))
    bots = [_bot(game, level, role) for level in levels for role in roles]
    entrants = [*policies, *bots]
    if not any(can_meet(game, a.player.role, b.player.role, seats) for a in entrants for b in entrants if a is not b):
        told = ["a tournament needs two who can play each other.", *remarks, f"Name more, such as {game.hardest}."]
        raise UserError(" ".join(told))
    return entrants, remarks


def entrant(game: Game, player: Player, key: str) -> Entrant:
    """Any player, such as one that a script makes; `key` must change with how it plays."""
    return Entrant(label(game, player.name, player.role), key, player)


def _bot(game: Game, level: str, role: str) -> Entrant:
    return entrant(game, bot_player(game, level, role), f"{level} {role}")


def _policies(game: Game, names: Sequence[str], seats: int, remarks: list[str]) -> list[Entrant]:
    found: dict[str, tuple[PolicyFile, str]] = {}  # by hash
    for name in names:
        if not _is_place(name):
            agent_named(name, game)  # raises: it says which names there are
        try:
            policy = PolicyFile.load(_file_of(name))
            _check(game, policy, seats)
        except UserError as error:
            remarks.append(f"{name} is left out: {str(error).rstrip('.')}.")
            continue
        key = hashlib.sha256(policy.path.read_bytes()).hexdigest()
        if key in found:
            remarks.append(f"{name} is left out: it is the same policy as {found[key][1]}.")
        found.setdefault(key, (policy, name))
    taken = {"random", *game.bots}
    short = [f"{name}.onnx" if name in taken else name for name in short_names(p.path for p, _ in found.values())]
    return [
        entrant(game, _player(policy, called), key)
        for called, (key, (policy, _)) in zip(short, found.items(), strict=True)
    ]


def _is_place(name: str) -> bool:
    return name.endswith(".onnx") or "/" in name or name in shipped() or Path(name).exists()


def _file_of(name: str) -> Path:
    """A policy file, also that of a run's folder."""
    if not (Path(name) / "config.toml").is_file():
        return Path(name)
    from ..run_folder import Run

    return Run.open(name).exported()


def _check(game: Game, policy: PolicyFile, seats: int) -> None:
    """UserError: the policy plays another title, other rules, or a role that nobody has here."""
    role = policy.card.role if policy.card.role in game.spec.roles[:seats] else game.spec.roles[0]
    obs_of(policy.card, game, role)


def _player(policy: PolicyFile, name: str) -> Player:
    return Player(name, policy.card.role, lambda seed: PolicyAgent(policy, seed=seed))


def short_names(paths: Iterable[Path]) -> list[str]:
    """As short as tells them apart: the name of the file, with those of folders before it where several bear it.

    >>> short_names([Path("runs/a/policy.onnx"), Path("runs/b/policy.onnx"), Path("zoo/pong.onnx")])
    ['a/policy', 'b/policy', 'pong']
    """
    parts = [path.absolute().with_suffix("").parts for path in paths]
    names = []
    for mine in parts:
        length = next(n for n in range(1, len(mine) + 1) if sum(each[-n:] == mine[-n:] for each in parts) == 1)
        names.append("/".join(mine[-length:]))
    return names
