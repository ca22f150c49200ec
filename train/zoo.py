"""The shipped rivals: taken in from finished runs, measured against what their titles aim at, graded, and tried by best responses.

Beside NAME.onnx in `agents/zoo` lie NAME.toml, the run's config, from which it can be trained again; NAME.csv, its curves; and
NAME.json, matches against everybody that is scripted.
"""

from __future__ import annotations

import csv
import io
import json
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ..agents.ladder import Ladder
from ..agents.policy_agent import PolicyAgent
from ..agents.policy_file import ZOO, PolicyFile, shipped, with_card, write_whole
from ..errors import UserError
from ..games import registry
from ..games.files import written_beside
from .aims import Aim, aims_of, reached
from .calibration import Plan, calibrate
from .cards import ratings_told, seats_of, skill_told
from .config import TrainConfig
from .config_file import from_table, read_table, to_toml
from .evaluation import Estimate, Figures, measure, rated, usual_opponents
from .exploit import BEST_RESPONSE, Exploit, best_response, is_faced, noted
from .ladder import write_ladder
from .run_folder import Run, write_text

SEED = 4_000_037  # far from the seeds of training and of evaluation while it goes on
MATCHES = 1000
CURVES = ("rollout/score", "rollout/perf", "match/", "pool/forgotten", "time/samples_per_second")


@dataclass(frozen=True)
class Verdict:
    """How far a rival comes on the way to one of its title's aims."""

    rival: str
    game: str
    role: str
    aim: Aim
    reached: Estimate

    @property
    def met(self) -> bool:
        return self.reached.mean >= self.aim.least


def verify(names: Sequence[str] = (), *, matches: int = MATCHES, seed: int = SEED) -> Iterator[Verdict]:
    """Measures shipped rivals, all when none is named, or policy files, one aim after another. Raises UserError."""
    for name in names or tuple(shipped()):
        policy = PolicyFile.load(name)
        game, role = registry.installed(policy.card.game), policy.card.role
        seats = seats_of(policy, game)
        for aim in aims_of(game, role, seats):
            found = reached(aim, game, PolicyAgent(policy), role=role, seats=seats, matches=matches, seed=seed)
            yield Verdict(Path(name).stem, game.name, role, aim, found)


def take_in(path: Path, name: str, *, folder: Path = ZOO, matches: int = MATCHES) -> list[Figures]:
    """Ships the policy of a finished run under a name, with its levels, config, curves and report. Raises UserError where it has none."""
    run = Run.open(path)
    if not name.isidentifier():
        raise UserError(f"a rival's name is letters, digits and underscores, for it is typed; got {name!r}.")
    policy, game, config = PolicyFile.load(run.exported()), registry.load(run.config.game), run.config
    part, heat = {"role": config.role, "seats": config.seats}, float(config.sampled)
    figures = [
        measure(game, PolicyAgent(policy, temperature=heat), each, matches=matches, seed=SEED, **part)  # type: ignore[arg-type]
        for each in usual_opponents(game, config.seats)
    ]
    card = replace(
        policy.card,
        temperature=heat,
        training={**policy.card.training, "seats": config.seats},
        skill=skill_told(figures),
        ratings={**policy.card.ratings, **ratings_told(rated(game, figures, **part))},  # type: ignore[arg-type]
    )
    with written_beside(folder / f"{name}.onnx") as draft:
        draft.write_bytes(with_card(run.policy.read_bytes(), card))
    write_text(folder / f"{name}.toml", to_toml(replace(config, out="")))
    write_text(folder / f"{name}.csv", _curves(run))
    write_text(folder / f"{name}.json", json.dumps([each.as_dict() for each in figures], indent=1) + "\n")
    return figures


def try_out(
    names: Sequence[str] = (), *, minutes: float, matches: int = 400, seed: int = 0
) -> Iterator[tuple[str, Exploit]]:
    """Looks for a way to beat shipped rivals, all whom somebody can face when none is named, and notes in their cards how often it wins.

    Raises UserError for what is not shipped, or played alone.
    """
    everybody = [name for name, path in shipped().items() if is_faced(PolicyFile.load(path))]
    for name, policy in _of_the_zoo(names or everybody, "npckit exploit"):
        found = best_response(policy.path, minutes=minutes, matches=matches, seed=seed)
        card = replace(policy.card, skill={**policy.card.skill, BEST_RESPONSE: noted(found)})
        write_whole(policy.path, with_card(policy.path.read_bytes(), card))
        yield name, found


def grade(
    names: Sequence[str] = (), *, matches: int = 400, seed: int = 0, tell: Callable[[str], None] = lambda line: None
) -> Iterator[tuple[str, Ladder]]:
    """Measures the levels of shipped rivals, all when none is named, and writes them into their cards. Raises UserError for others."""
    for name, policy in _of_the_zoo(names or tuple(shipped()), "npckit ladder"):
        game = registry.installed(policy.card.game)
        seats = seats_of(policy, game)
        found = calibrate(Plan(game, policy, seats=seats, matches=matches, seed=seed), tell)
        write_ladder(policy, found, policy.path)
        yield name, found


def _of_the_zoo(names: Sequence[str], otherwise: str) -> list[tuple[str, PolicyFile]]:
    rivals = shipped()
    for name in names:
        if name not in rivals:
            raise UserError(f"{name} is no shipped rival; for a file of your own: {otherwise} {name}")
    return [(name, PolicyFile.load(rivals[name])) for name in names]


def config_of(name: str) -> TrainConfig:
    """The config that a shipped rival was trained by."""
    path = ZOO / f"{name}.toml"
    return from_table(read_table(path), where=str(path))


def _curves(run: Run) -> str:
    """The run's scalars as CSV: tag, samples, value; at most two hundred points of each."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    logging.getLogger("tensorboard").setLevel(logging.ERROR)  # a run that went on took points back: that is no news
    told = EventAccumulator(str(run.path), size_guidance={"scalars": 200}).Reload()
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("tag", "samples", "value"))
    for tag in _kept(told.Tags()["scalars"]):
        writer.writerows((tag, point.step, f"{point.value:.5g}") for point in told.Scalars(tag))
    return text.getvalue()


def _kept(tags: Iterable[str]) -> list[str]:
    return sorted(tag for tag in tags if tag.startswith(CURVES))
