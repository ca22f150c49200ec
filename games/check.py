"""`check_game`: everything a title promises, tried; each finding is a sentence. Exported for people who add their own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

import numpy as np

from .batch import Batch
from .compiler import MODES
from .contract import SPECTATOR, Game, Spec
from .frame import INK, INKS
from .observation import Observer, ObsSpec, range_of
from .scripted import ScriptedPlayers

PLAYED_GAMES, PLAYED_STEPS = 16, 200


def check_game(game: Game) -> list[str]:
    """What is wrong with a title, one sentence each; an empty list when all is well. Plays it for a second or two."""
    facts = [*_facts(game)]
    return facts if facts else [*_tried(game)]


def _tried(game: Game) -> Iterator[str]:
    for check in (_masks, _runs, _same_three_ways, _rewards, _observations, _drawing, _bots, _clones):
        try:
            yield from check(game)
        except Exception as error:  # whatever a newcomer's rule raises is a finding, not our crash
            yield f"{check.__name__[1:].replace('_', ' ')}: {type(error).__name__}: {str(error).partition(chr(10))[0]}"
            return


def _facts(game: Game) -> Iterator[str]:
    """What can be seen without playing."""
    spec: Spec = game.spec
    fields: Mapping[str, Any] = game.state.fields or {}
    for name, kind in {"tick": "i", "events": "i", "rng": "u"}.items():
        if name not in fields or fields[name][0].kind != kind:
            yield f"STATE needs a field {name}={'u8' if kind == 'u' else 'i4'}."
    if len(spec.seat_counts) > 1 and "seats" not in fields:
        yield "STATE needs a field seats=i4, because the title allows several seat counts."
    if not spec.name.isidentifier() or spec.name != spec.name.lower():
        yield f"SPEC.name must be a lower-case identifier; got {spec.name!r}."
    for name in ("roles", "teams"):
        if len(getattr(spec, name)) != spec.max_seats:
            yield f"SPEC.{name} needs one entry for each of {spec.max_seats} seats; it has {len(getattr(spec, name))}."
    if set(spec.mirror) - {"x", "y"}:
        yield f"SPEC.mirror is one of '', 'x', 'y' or 'xy'; got {spec.mirror!r}."
    for ink in set(spec.planes) - set(INKS[:-1]):
        yield f"SPEC.planes names {ink!r}, which is no ink; the inks are {', '.join(INKS[:-1])}."
    for role in dict.fromkeys(spec.roles):
        yield from _role_facts(game, role)
    for rule in (game.reset, game.step, game.draw, game.features, *filter(None, [game.legal])):
        if not getattr(rule, "is_rule", False):
            yield f"{rule.__name__} lacks @rule."
    for seats, role in product(spec.seat_counts, dict.fromkeys(spec.roles)):
        if not spec.perf(np.float64(1e9), seats, role) > 0.0 or spec.perf(np.float64(-1e9), seats, role) > 0.0:
            yield "SPEC.score_reference must be above score_random."
    if len(spec.events) > 31:
        yield f"SPEC.events holds at most 31 names; it has {len(spec.events)}."


def _role_facts(game: Game, role: str) -> Iterator[str]:
    if len(game.spec.actions_of(role)) < 2:
        yield f"the role {role!r} needs at least two actions."
    if not game.spec.features_of(role):
        yield f"the role {role!r} needs named features."
    for level in game.bots:
        if not getattr(game.bot(level, role), "is_rule", False):
            yield f"the bot {level!r} of the role {role!r} lacks @rule."
    if set(game.spec.keys) - {action for each in game.spec.roles for action in game.spec.actions_of(each)}:
        yield "SPEC.keys names an action that no role has."


def _play(game: Game, mode: Any = "compiled", games: int = PLAYED_GAMES, steps: int = PLAYED_STEPS) -> Iterator[Batch]:
    """Random legal play; yields the batch after every step."""
    for seats in game.spec.seat_counts:
        batch, rng = Batch(game, games, seats=seats, mode=mode), np.random.default_rng(0)
        batch.reset(1)
        yield batch
        for _ in range(steps):
            batch.step(random_actions(batch, rng))
            yield batch
            batch.restart(~batch.running)


def random_actions(batch: Batch, rng: np.random.Generator) -> Any:
    """(n, seats) int32 of legal actions."""
    actions = np.zeros((batch.num_games, batch.seats), np.int32)
    for seat in range(batch.seats):
        masks = batch.masks(*rows_of(batch, seat))
        actions[:, seat] = np.argmax(rng.random(masks.shape) * masks, axis=1)
    return actions


def rows_of(batch: Batch, seat: int) -> tuple[Any, Any]:
    """The rows of one seat in all games."""
    games = np.arange(batch.num_games, dtype=np.int32)
    return games, np.full_like(games, seat)


def _runs(game: Game) -> Iterator[str]:
    """Strict interpretation first: it names the field or index that is wrong."""
    for _ in _play(game, "interpreted", games=2, steps=60):
        yield from ()


def _same_three_ways(game: Game) -> Iterator[str]:
    hashes = {mode: [batch.hash() for batch in _play(game, mode, games=2, steps=60)] for mode in MODES}
    for mode in MODES[1:]:
        for step, (told, got) in enumerate(zip(hashes["interpreted"], hashes[mode], strict=True)):
            if told != got:
                yield f"after {step} decisions the {mode} state differs from the interpreted one; keep to integers and fixed widths."
                return


def _rewards(game: Game) -> Iterator[str]:
    teams = np.array(game.spec.teams)
    for batch in _play(game):
        rewards, present = batch.rewards, teams[: batch.seats]
        for team in set(present):
            if np.ptp(rewards[:, present == team], axis=1).any():
                yield f"the seats of team {team} got different rewards; a team shares its margin."
                return
        if len(set(present)) == 2:
            totals = [rewards[:, present == team].mean(axis=1) for team in sorted(set(present))]
            if not np.allclose(totals[0], -totals[1]):
                yield "the rewards of the two teams do not cancel; a seat's reward is the change of its team's margin."
                return


def _observations(game: Game) -> Iterator[str]:
    for kind in ("features", "planes", "pixels"):
        watchers: dict[tuple[int, int], Observer] = {}
        low, high = range_of(kind)
        for batch in _play(game):
            for seat in range(batch.seats):
                watcher = watchers.setdefault(
                    (batch.seats, seat), Observer(batch, ObsSpec(kind, 1), *rows_of(batch, seat))
                )
                seen = np.asarray(watcher.observe())
                if not np.isfinite(seen).all() or seen.min() < low or seen.max() > high:
                    yield f"{_worst(game, watcher.role, kind, seen)} leaves [{low}, {high}]."
                    return


def _worst(game: Game, role: str, kind: str, seen: Any) -> str:
    if kind != "features":
        return f"the observation {kind!r}"
    row, column = np.unravel_index(np.argmax(np.where(np.isfinite(seen), np.abs(seen), np.inf)), seen.shape)
    return f"the feature {game.spec.features_of(role)[column]!r} ({seen[row, column]:.3g})"


def _drawing(game: Game) -> Iterator[str]:
    most, inks = 0, set()
    for step, batch in enumerate(_play(game, games=4)):
        for seat in (SPECTATOR, *range(batch.seats)) if step % 10 == 0 else ():
            shapes = batch.draw(0, seat)
            most = max(most, batch.shapes_drawn)
            inks |= set(shapes[:, INK].tolist())
    if most > game.spec.max_shapes:
        yield f"draw appends {most} shapes; SPEC.max_shapes is {game.spec.max_shapes}."
    if inks - set(range(1, len(INKS) + 1)):
        yield f"draw uses an ink that does not exist: {sorted(inks - set(range(1, len(INKS) + 1)))[0]}."
    hidden = {INKS[ink - 1] for ink in inks & set(range(1, len(INKS)))} - set(game.spec.planes)
    if hidden:
        yield f"draw uses {', '.join(sorted(hidden))}, missing in SPEC.planes."


def _masks(game: Game) -> Iterator[str]:
    for batch in _play(game):
        for seat in range(batch.seats):
            if not batch.masks(*rows_of(batch, seat)).any(axis=1).all():
                yield f"legal leaves seat {seat} without any action."
                return


def _bots(game: Game) -> Iterator[str]:
    if not game.bots:
        yield "a title needs scripted players: bots={'easy': ..., 'normal': ..., 'hard': ...}, easiest first."
    for level, seats in product(game.bots, game.spec.seat_counts):
        batch = Batch(game, PLAYED_GAMES, seats=seats)
        batch.reset(0)
        players = [
            ScriptedPlayers(batch, game.bot(level, game.spec.roles[seat]), *rows_of(batch, seat))
            for seat in range(batch.seats)
        ]
        _play_bots(batch, players)


def _play_bots(batch: Batch, players: list[ScriptedPlayers]) -> None:
    """`Batch.step` refuses whatever a bot must not do."""
    actions = np.zeros((batch.num_games, batch.seats), np.int32)
    for _ in range(PLAYED_STEPS):
        for player in players:
            player.act(actions)
        batch.step(actions)
        batch.restart(~batch.running)


def _clones(game: Game) -> Iterator[str]:
    """Nothing may live outside the record: a copied state goes on exactly like the original."""
    one, other, rng = Batch(game, 4), Batch(game, 4), np.random.default_rng(0)
    one.reset(3)
    other.reset(5)
    for _ in range(20):
        one.step(random_actions(one, rng))
    other.states[:], other.running[:] = one.states, one.running
    for _ in range(20):
        actions = random_actions(one, rng)
        one.step(actions)
        other.step(actions)
    if one.hash() != other.hash():
        yield "a copied state went on differently; keep everything that the rules remember in STATE."
