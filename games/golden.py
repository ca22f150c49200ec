"""Golden traces: what a title's rules did when they were last declared right. A change of rules shows here first.

`golden.json` lies beside the rules: for each trace the episode seed, the seat-relative actions of every decision as one digit
for each seat (base 36), and the state's hash after every 10th decision.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from .batch import Batch
from .check import random_actions, rows_of
from .compiler import Mode
from .contract import Game
from .files import written_beside
from .registry import folder_of, names
from .scripted import ScriptedPlayers

DECISIONS, EVERY, SEEDS = 300, 10, (1, 2, 3)


def path_of(game: Game) -> Path:
    return folder_of(game) / "golden.json"


def write(game: Game) -> Path:
    """Declares today's rules right."""
    traces = [_trace(game, seats, seed) for seats in game.spec.seat_counts for seed in SEEDS]
    with written_beside(path_of(game)) as draft:
        draft.write_text(json.dumps({"version": game.spec.version, "traces": traces}, indent=1) + "\n")
    return path_of(game)


def differences(game: Game, mode: Mode = "compiled") -> list[str]:
    """How the rules differ from their golden traces, in sentences; empty when they do not."""
    if not path_of(game).is_file():
        place = game.name if game.name in names() else folder_of(game)
        return [f"there is no golden.json; write one with: npckit check {place} --write-golden"]
    golden = json.loads(path_of(game).read_text())
    if golden["version"] != game.spec.version:
        return [
            f"golden.json is of version {golden['version']}, the rules of version {game.spec.version}; write it anew."
        ]
    return [told for trace in golden["traces"] for told in _compare(game, trace, mode)]


def _compare(game: Game, trace: dict[str, Any], mode: Mode) -> list[str]:
    actions = np.array([[int(digit, 36) for digit in decision] for decision in trace["actions"].split()], np.int32)
    for index, (told, got) in enumerate(
        zip(trace["hashes"], _hashes(game, trace["seed"], actions, mode), strict=False)
    ):
        if told != got:
            return [
                f"seed {trace['seed']}: the state differs by decision {EVERY * (index + 1)} ({mode}); raise SPEC.version if it should."
            ]
    return []


def _trace(game: Game, seats: int, seed: int) -> dict[str, Any]:
    """One episode: the last of the seeds by the best bots, who come where chance does not, the others by chance."""
    batch, rng = Batch(game, seats=seats), np.random.default_rng(seed)
    decisions: list[Any] = []
    batch.reset_to(np.array([seed], np.uint64))
    level = list(game.bots)[-1]
    bots = [
        ScriptedPlayers(batch, game.bot(level, game.spec.roles[seat]), *rows_of(batch, seat)) for seat in range(seats)
    ]
    while batch.running[0] and len(decisions) < DECISIONS:
        actions = random_actions(batch, rng)
        for bot in bots if seed == SEEDS[-1] else ():
            bot.act(actions)
        decisions.append(actions[0])
        batch.step(actions)
    text = " ".join("".join(np.base_repr(action, 36) for action in decision) for decision in decisions)
    return {"seed": seed, "actions": text, "hashes": _hashes(game, seed, np.array(decisions), "compiled")}


def _hashes(game: Game, seed: int, actions: Any, mode: Mode) -> list[str]:
    batch = Batch(game, seats=actions.shape[1], mode=mode)
    batch.reset_to(np.array([seed], np.uint64))
    hashes = []
    for index, decision in enumerate(actions, start=1):
        batch.step(decision[None])
        hashes += [batch.hash()] if index % EVERY == 0 or index == len(actions) else []
    return hashes
