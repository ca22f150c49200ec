"""`npckit bench sim`: how fast games run through the public VectorEnv, and where the time goes.

An agent step is one decision by one learning seat. Peers run in the same process.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
from rich.console import Console
from rich.table import Table

from ...agents.seats import legal_actions
from ...envs import GameVectorEnv
from ...errors import UserError
from ...games import registry
from ...games.batch import Batch
from ...games.check import random_actions
from ...games.contract import Game
from ...games.files import check_target
from ...games.observation import DEFAULT_STACK, Observer, ObsSpec
from .measure import Row, Stopwatch, calls_per_second, machine, write_results


def sim(
    *,
    title: str = "",
    envs: int = 4096,
    seconds: float = 0.5,
    out: Path = Path("bench-sim.json"),
) -> None:
    """Measure simulation speed, print a table and write JSON.

    Args:
        title: one title; all when empty
        envs: learners in a batch, rounded down to whole games
        seconds: how long each line is measured, three times; the median counts
        out: where the JSON goes
    """
    if not 4 <= envs <= 2**20:
        raise UserError(f"--envs is 4 to {2**20}; got {envs}.")
    check_target(out)
    games = [registry.load(title)] if title else [registry.load(name) for name in registry.names()]
    rows = [row for game in games for row in sim_rows(game, envs, seconds)] + [*peer_rows(envs, seconds)]
    facts = {**machine(), "envs": envs}
    splits = [row for game in games for row in split_rows(game, envs, seconds)]
    _print(rows, splits, facts)
    write_results(out, {**facts, "rows": rows, "nanoseconds": splits})


def sim_rows(game: Game, envs: int, seconds: float) -> Iterator[Row]:
    """The lines of one title: the bare loop, then every observation, for everybody at once and against a bot."""
    ticks = game.spec.decision_ticks
    if game.legal is None:
        yield _row(game, "the bare loop, nobody looks", 1, _rate(_bare(game, envs), envs, seconds), 0, ticks, envs)
    for threads in dict.fromkeys((1, os.cpu_count() or 1)):
        for obs, count in (("features", envs * threads), ("planes", min(envs, 1024)), ("pixels", min(envs, 1024))):
            for contest in contests(game):
                rows = count // contest.learners * contest.learners
                rate = _rate(_stepper(game, contest, rows, obs, threads), rows, seconds)
                games = rate / contest.learners
                yield _row(game, f"{obs}, {contest.name}", threads, games, rate, ticks, rows)


@dataclass(frozen=True)
class Contest:
    """Who learns in a benchmark: `learners` seats of a game; `seat` and `opponent` as environments take them."""

    name: str
    learners: int
    seat: str = "alternate"
    opponent: str = "learner"


EVERYBODY = "every seat learns"


def contests(game: Game) -> list[Contest]:
    """Everybody against everybody, and each role against the hardest bot."""
    if game.spec.max_seats == 1:
        return [Contest("alone", 1)]
    everybody = [Contest(EVERYBODY, game.spec.max_seats)]
    sides = {role: game.spec.sides(role) for role in dict.fromkeys(game.spec.roles)}
    alone = [Contest(f"{role} vs {game.hardest}", len(each[0]), role, game.hardest) for role, each in sides.items()]
    return everybody + alone


def peer_rows(envs: int, seconds: float) -> Iterator[Row]:
    """A vectorised NumPy environment of Gymnasium's own, stepped in the same way; and the floor of every stack of pixels."""
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
    count, stack = min(envs, 1024), DEFAULT_STACK["pixels"]
    old, new = np.zeros((2, count, stack, 64, 64), np.uint8)
    rate = _rate(lambda: np.copyto(new[:, :-1], old[:, 1:]), count, seconds)
    yield {
        "title": "any",
        "what": "pixels, copying the stack alone",
        "envs": count,
        "threads": 1,
        "agent_steps": rate,
        "ticks": 0,
    }


def _bare(game: Game, envs: int) -> Callable[[], Any]:
    batch, rng = Batch(game, envs), np.random.default_rng(0)
    batch.reset(0)
    actions = cycle([random_actions(batch, rng) for _ in range(16)])

    def step() -> None:
        batch.step(next(actions))
        batch.restart(~batch.running)

    return step


def _stepper(game: Game, contest: Contest, rows: int, obs: str, threads: int) -> Callable[[], Any]:
    """Steps the VectorEnv; where seats of several roles learn at once, which is more than one environment, their common core."""
    if contest.name == EVERYBODY and len({*game.spec.roles}) > 1:
        return _all_roles(game, rows // contest.learners, obs, threads)
    env = GameVectorEnv(game, rows, obs=obs, seat=contest.seat, opponent=contest.opponent, threads=threads)
    env.reset(seed=0)
    actions = cycle([env.action_space.sample() for _ in range(16)])  # drawn before: choosing is not what is measured
    return lambda: env.step(next(actions))


def _all_roles(game: Game, games: int, obs: str, threads: int) -> Callable[[], Any]:
    """A batch in which every seat is observed and decides, an observer for each role; illegal actions are replaced."""
    batch, spec = Batch(game, games, threads=threads), ObsSpec(obs)
    batch.reset(0)
    observers = []
    for role in dict.fromkeys(game.spec.roles):
        seats = [seat for seat, each in enumerate(game.spec.roles) if each == role]
        places = np.meshgrid(np.arange(games), seats, indexing="ij")
        observers.append(Observer(batch, spec, *(axis.ravel().astype(np.int32) for axis in places)))
    rng = np.random.default_rng(0)
    draws = [
        [rng.integers(0, len(game.spec.actions_of(each.role)), len(each.games)) for each in observers]
        for _ in range(16)
    ]
    wishes, actions = cycle(draws), np.zeros((games, batch.seats), np.int32)

    def step() -> None:
        for observer, wish in zip(observers, next(wishes), strict=True):
            actions[observer.games, observer.seats] = legal_actions(wish, observer.masks()) if game.legal else wish
        batch.step(actions)
        if not batch.running.all():
            batch.restart(~batch.running)
        for observer in observers:
            observer.observe()

    return step


def _rate(step: Callable[[], Any], count: int, seconds: float) -> float:
    """Steps of `count` environments per second: the median of three stretches, after a first that is not counted."""
    return float(np.median([calls_per_second(step, seconds) for _ in range(4)][1:])) * count


def _row(game: Game, what: str, threads: int, games: float, agents: float, ticks: int, envs: int) -> Row:
    return {
        "title": game.name, "what": what, "envs": envs, "threads": threads, "agent_steps": agents, "ticks": games * ticks
    }  # fmt: skip


def split_rows(game: Game, envs: int, seconds: float) -> Iterator[Row]:
    """Where an agent step with features goes: nanoseconds in the rules, the opponent, the observation, and around them."""
    for contest in contests(game):
        if contest.name == EVERYBODY and len({*game.spec.roles}) > 1:
            continue
        rows = envs // contest.learners * contest.learners
        env = GameVectorEnv(game, rows, seat=contest.seat, opponent=contest.opponent)
        env.reset(seed=0)
        whole, rules, bots, sight = (Stopwatch() for _ in range(4))
        rules.watch(env.arena.batch, "step")
        sight.watch(env.arena.observer, "observe")
        for agent, _, _ in env.arena.opponents:
            bots.watch(agent, "decide")
        actions = cycle([env.action_space.sample() for _ in range(16)])
        step = partial(lambda env, actions: env.step(next(actions)), env, actions)
        calls_per_second(step, seconds / 4)  # compiles
        whole.watch(env, "step")
        for watch in (rules, bots, sight):
            watch.seconds = 0.0
        calls_per_second(step, seconds)
        spent = [1e9 * watch.seconds / (whole.calls * rows) for watch in (whole, rules, bots, sight)]
        names = ("around", "rules", "opponent", "observation")
        split = dict(zip(names, [spent[0] - sum(spent[1:]), *spent[1:]], strict=True))
        yield {"title": game.name, "what": f"features, {contest.name}", **split}


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
