"""`npckit bench sim`: how fast games run through the public VectorEnv, and where the time goes.

An agent step is one decision by one learning seat. Peers run in the same process, because machines are shared and noisy:
compare within a table, not between two.
"""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import Any, Literal

import gymnasium
import numpy as np
from rich.console import Console
from rich.table import Table

from .. import __version__
from ..envs import GameVectorEnv
from ..errors import UserError
from ..games import registry
from ..games.batch import Batch
from ..games.check import random_actions
from ..games.contract import Game
from ..games.files import check_target, written_beside

Row = dict[str, Any]


def bench(
    what: Literal["sim"],
    /,
    *,
    title: str = "",
    envs: int = 4096,
    seconds: float = 0.5,
    out: Path = Path("bench-sim.json"),
) -> None:
    """Measure simulation speed, print a table and write JSON.

    Args:
        what: sim: environments without any learner
        title: one title; all when empty
        envs: learners in a batch
        seconds: how long each line is measured, three times; the median counts
        out: where the JSON goes
    """
    if envs < 2 or envs % 2:
        raise UserError(f"--envs is an even number, so that both seats can learn; got {envs}.")
    check_target(out)
    games = [registry.load(title)] if title else [registry.load(name) for name in registry.names()]
    rows = [row for game in games for row in sim_rows(game, envs, seconds)] + [*peer_rows(envs, seconds)]
    facts = {
        "npckit": __version__,
        "machine": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "envs": envs,
    }
    splits = [row for game in games for row in split_rows(game, envs, seconds)]
    _print(rows, splits, facts)
    told = {**facts, "python": platform.python_version(), "rows": rows, "nanoseconds": splits}
    with written_beside(out) as draft:
        draft.write_text(json.dumps(told, indent=1))
    print(f"wrote {out}")


def sim_rows(game: Game, envs: int, seconds: float) -> Iterator[Row]:
    """The lines of one title: the bare loop, then every observation, against a bot and learning in every seat."""
    ticks = game.spec.decision_ticks
    if game.legal is None:
        yield _row(game, "the bare loop, nobody looks", 1, _rate(_bare(game, envs), envs, seconds), 0, ticks, envs)
    for threads in dict.fromkeys((1, os.cpu_count() or 1)):
        for obs, count in (("features", envs * threads), ("planes", min(envs, 1024)), ("pixels", min(envs, 1024))):
            for opponent in _opponents(game):
                rate = _rate(_vector(game, count, obs, opponent, threads), count, seconds)
                games = 1 if opponent != "learner" else 1 / game.spec.max_seats
                yield _row(game, f"{obs} vs {opponent}", threads, rate * games, rate, ticks, count)


def peer_rows(envs: int, seconds: float) -> Iterator[Row]:
    """A vectorised NumPy environment of Gymnasium's own, stepped in the same way."""
    env = gymnasium.make_vec("CartPole-v1", num_envs=envs, vectorization_mode="vector_entry_point")
    env.reset(seed=0)
    actions = env.action_space.sample()
    rate = _rate(lambda: env.step(actions), envs, seconds)
    yield {
        "title": "CartPole-v1",
        "what": "Gymnasium's NumPy VectorEnv",
        "envs": envs,
        "threads": 1,
        "agent_steps": rate,
        "ticks": rate,
    }


def _opponents(game: Game) -> list[str]:
    several_roles = len(set(game.spec.roles)) > 1
    bots = list(game.bots)[-1:] if game.spec.max_seats > 1 else []
    return [*bots, *([] if several_roles else ["learner"])]


def _bare(game: Game, envs: int) -> Callable[[], Any]:
    batch, rng = Batch(game, envs), np.random.default_rng(0)
    batch.reset(0)
    actions = cycle([random_actions(batch, rng) for _ in range(16)])

    def step() -> None:
        batch.step(next(actions))
        batch.restart(~batch.running)

    return step


def _vector(game: Game, envs: int, obs: str, opponent: str, threads: int) -> Callable[[], Any]:
    env = GameVectorEnv(game, envs, obs=obs, opponent=opponent, threads=threads)
    env.reset(seed=0)
    actions = cycle([env.action_space.sample() for _ in range(16)])  # drawn before: choosing is not what is measured
    return lambda: env.step(next(actions))


def _rate(step: Callable[[], Any], count: int, seconds: float) -> float:
    """Steps of `count` environments per second: the median of three stretches, after a first that is not counted."""
    return float(np.median([_stretch(step, seconds) for _ in range(4)][1:])) * count


def _stretch(step: Callable[[], Any], seconds: float) -> float:
    calls, start = 0, time.perf_counter()
    while (now := time.perf_counter()) - start < seconds:
        step()
        calls += 1
    return calls / (now - start)


def _row(game: Game, what: str, threads: int, games: float, agents: float, ticks: int, envs: int) -> Row:
    return {
        "title": game.name, "what": what, "envs": envs, "threads": threads, "agent_steps": agents, "ticks": games * ticks
    }  # fmt: skip


def split_rows(game: Game, envs: int, seconds: float) -> Iterator[Row]:
    """Where an agent step with features goes: nanoseconds in the rules, the opponent, the observation, and around them."""
    for opponent in _opponents(game):
        env = GameVectorEnv(game, envs, opponent=opponent)
        env.reset(seed=0)
        whole, rules, bots, sight = (Stopwatch() for _ in range(4))
        rules.watch(env.arena.batch, "step")
        sight.watch(env.arena.observer, "observe")
        for agent, _, _ in env.arena.opponents:
            bots.watch(agent, "decide")
        actions = cycle([env.action_space.sample() for _ in range(16)])
        step = partial(lambda env, actions: env.step(next(actions)), env, actions)
        _stretch(step, seconds / 4)  # compiles
        whole.watch(env, "step")
        for watch in (rules, bots, sight):
            watch.seconds = 0.0
        _stretch(step, seconds)
        spent = [1e9 * watch.seconds / (whole.calls * envs) for watch in (whole, rules, bots, sight)]
        names = ("around", "rules", "opponent", "observation")
        split = dict(zip(names, [spent[0] - sum(spent[1:]), *spent[1:]], strict=True))
        yield {"title": game.name, "what": f"features vs {opponent}", **split}


class Stopwatch:
    """Counts the calls of some methods, and adds up the seconds that they take."""

    def __init__(self) -> None:
        self.seconds, self.calls = 0.0, 0

    def watch(self, owner: Any, name: str) -> None:
        method = getattr(owner, name)

        def timed(*args: Any) -> Any:
            start = time.perf_counter()
            result = method(*args)
            self.seconds += time.perf_counter() - start
            self.calls += 1
            return result

        setattr(owner, name, timed)


def _print(rows: list[Row], splits: list[Row], facts: dict[str, Any]) -> None:
    table = Table(
        "title",
        "what",
        "envs",
        "threads",
        "agent steps/s",
        "ticks/s",
        title=f"{facts['machine']}, {facts['cores']} cores",
    )
    for row in rows:
        steps = f"{row['agent_steps']:,.0f}" if row["agent_steps"] else "-"
        table.add_row(row["title"], row["what"], str(row["envs"]), str(row["threads"]), steps, f"{row['ticks']:,.0f}")
    split = Table(
        "title", "what", "rules", "opponent", "observation", "around", title="where an agent step goes, ns, one thread"
    )
    for row in splits:
        split.add_row(
            row["title"], row["what"], *(f"{row[part]:.0f}" for part in ("rules", "opponent", "observation", "around"))
        )
    Console().print(table, split)
