"""The command `npckit export`: a policy file from a run, from a stock zip, or a smaller one distilled from another."""

from __future__ import annotations

import shlex
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import tyro
from rich.console import Console
from rich.table import Table

from ..agents.policy_file import PolicyFile, shipped, with_card, write_whole
from ..errors import UserError
from ..games import registry
from ..games.contract import Game
from ..games.files import check_target
from .cards import seats_of
from .report import watch_command
from .run_folder import Run

if TYPE_CHECKING:
    from ..agents.learners.parity import Parity
    from ..agents.learners.stock_zip import StockZip
    from .distilled import Side

Arg = tyro.conf.arg
Source = Annotated[
    Path,
    Arg(
        help="the folder of a run, or a zip of Stable-Baselines3 or sb3-contrib; with --distill or --temperature also an .onnx or a rival"
    ),
]
Out = Annotated[Path, Arg(help="the new .onnx file")]
GameName = Annotated[
    str,
    Arg(help="the title that it plays: of npckit by name, else the folder of a title, or any name for a game of yours"),
]
RoleName = Annotated[str, Arg(help="of a zip: whose part it plays, in titles of several roles")]
Stack = Annotated[
    int, Arg(help="of a zip: how many frames are stacked in what it observes; 0: as the title's shapes say, or 1")
]
Card = Annotated[
    Path | None, Arg(metavar="FILE", help="of a zip: a JSON file with names for the card, see docs/export.md")
]
Trust = Annotated[
    bool,
    Arg(
        help="of a zip: also load it with the class that saved it, WHICH RUNS WHAT IT HOLDS, and compare; for makers that you trust"
    ),
]
Temperature = Annotated[
    float | None,
    Arg(help="how the file chooses: 0: the best action; above: one that is drawn by softmax(scores / temperature)"),
]
Distill = Annotated[Literal["no", "small"], Arg(help="small: train a smaller student to choose as the policy does")]
Minutes = Annotated[float, Arg(help="distill: how long the student learns")]
Matches = Annotated[int, Arg(help="distill: matches or episodes of each measurement, before and after")]


def export(
    source: Source,
    /,
    *,
    out: Out,
    game: GameName = "",
    role: RoleName = "",
    stack: Stack = 0,
    card: Card = None,
    trust: Trust = False,
    temperature: Temperature = None,
    distill: Distill = "no",
    minutes: Minutes = 1.0,
    matches: Matches = 200,
    seed: int = 0,
) -> None:
    """Write one policy file: from a run, from a zip of stock learners without unpickling it, or distilled from another policy.

    Whole episodes are played in torch and in ONNX first; where they differ, nothing is written.
    """
    check_target(out, ".onnx")
    if out.exists():
        raise UserError(f"{out} exists already; choose another --out, so that nothing is overwritten.")
    is_zip = source.suffix == ".zip" and not _is_checkpoint(source)
    if not is_zip and (role or stack or card or trust):
        raise UserError("--role, --stack, --card and --trust are for zips of stock learners; leave them out.")
    if temperature is not None and not 0 <= temperature <= 1000:
        raise UserError(f"--temperature lies between 0 and 1000; got {temperature:g}.")
    if temperature is not None and distill != "no":
        raise UserError(
            "a student chooses as its teacher does; leave --temperature out, and set the teacher's first or the student's afterwards."
        )
    told: dict[str, Any] = {"game": game, "role": role, "stack": stack}
    if distill == "small":
        _distil(source, out, told, card, trust=trust, minutes=minutes, matches=matches, seed=seed)
    elif is_zip:
        _say(*_from_zip(source, out, told, card, trust=trust))
    elif temperature is not None and _is_policy(source):
        write_whole(out, PolicyFile.load(source).path.read_bytes())
    else:
        _say(*_from_run(source, out))
    if temperature is not None:
        _set_temperature(out, temperature)
    print(f"wrote {out}, {out.stat().st_size / 1024:.0f} KiB; its card: npckit card {out}")
    _say_what_is_next(PolicyFile.load(out))


def _say_what_is_next(policy: PolicyFile) -> None:
    """How to watch and to measure it, where it plays a title of npckit."""
    name, role, file = policy.card.game, policy.card.role, shlex.quote(str(policy.path))
    if name in registry.names():
        title = registry.load(name)
        watch = watch_command(title, name, role, seats_of(policy, title), file)
        print(f"  watch it     {watch}\n  measure it   npckit evaluate {file}")


def _say(parity: Parity, lines: Sequence[str] = ()) -> None:
    print("\n".join([parity.told(), *lines]))


def _is_policy(source: Path) -> bool:
    """Whether it is a policy file, or the name of one that is shipped."""
    return source.suffix == ".onnx" or str(source) in shipped()


def _set_temperature(path: Path, temperature: float) -> None:
    """How a policy file chooses from now on; figures that were measured when it chose otherwise are left out."""
    card = PolicyFile.load(path).card
    if card.temperature != temperature:
        card = replace(card, temperature=temperature, skill={}, ratings={})
        write_whole(path, with_card(path.read_bytes(), card))


def _is_checkpoint(source: Path) -> bool:
    """Whether a zip lies among the checkpoints of a run of ours."""
    return source.parent.name == "checkpoints" and (source.parent.parent / "config.toml").is_file()


def _from_run(source: Path, out: Path) -> tuple[Parity]:
    """The newest checkpoint of a run, or the one that is named; its card tells what was measured of the same weights."""
    from ..agents.learners.export import export_policy
    from .cards import card_of

    checkpoint = _is_checkpoint(source)
    if not checkpoint and not (source / "config.toml").is_file():
        raise _no_source(source)
    run = Run.open(source.parent.parent if checkpoint else source)
    model = run.load_model(source if checkpoint else None)
    title, samples = registry.load(run.config.game), model.num_timesteps
    card = PolicyFile.load(run.policy).card if run.policy.is_file() else None
    if card is None or card.training.get("samples") != samples:
        card = card_of(run.config, title, samples=samples, seconds=0.0)
    return (export_policy(model, out, card, game=title),)


def _no_source(source: Path) -> UserError:
    if _is_policy(source):
        return UserError(
            f"{source} is a policy file already; give --distill small for a smaller one, or --temperature for one that chooses otherwise."
        )
    if source.suffix in (".pt", ".pt2", ".pth"):
        return UserError(
            f"{source}: torch's files of programs may run code where they are loaded; load it yourself and call "
            "npckit.agents.learners.export.export_module."
        )
    return UserError(f"{source} is neither the folder of a run nor a .zip that Stable-Baselines3 saved.")


def _from_zip(
    source: Path, out: Path, told: dict[str, Any], names: Path | None, *, trust: bool
) -> tuple[Parity, list[str]]:
    from ..agents.learners.export import export_network
    from ..agents.learners.parity import fitting
    from ..agents.learners.stock_net import StockNet
    from ..agents.learners.stock_zip import read_stock_zip
    from .stock_card import card_of_stock, names_in

    zipped = read_stock_zip(source)
    network = StockNet(zipped)
    title = _title(told)
    told = (names_in(names) if names else {}) | {name: value for name, value in told.items() if value}
    card = card_of_stock(zipped, network, told, title)
    lines: list[str] = []

    def check(policy: PolicyFile) -> None:
        lines.extend(_compared(zipped, policy, fitting(card, title)))

    parity = export_network(network, out, card, game=title, check=check if trust else None)
    return parity, [f"{zipped.algorithm} with {zipped.policy_class}, read without unpickling anything", *lines]


def _compared(zipped: StockZip, policy: PolicyFile, title: Game | None) -> list[str]:
    from .trust import agreements

    return [each.told() for each in agreements(zipped, policy, title)]


def _title(told: dict[str, Any]) -> Game | None:
    """A title in a folder that the flag names, never a card: it is run. Those of npckit are found by their names."""
    name = told["game"]
    return (
        registry.load(name) if name not in registry.names() and name and Path(name, "__init__.py").is_file() else None
    )


def _distil(
    source: Path,
    out: Path,
    told: dict[str, Any],
    names: Path | None,
    *,
    trust: bool,
    minutes: float,
    matches: int,
    seed: int,
) -> None:
    from ..agents.learners.parity import fitting
    from .distilled import distilled

    with tempfile.TemporaryDirectory() as folder:
        teacher = _teacher(source, Path(folder) / "teacher.onnx", told, names, trust=trust)
        game = fitting(teacher.card, _title(told))
        if game is None:
            raise UserError(
                f"{source} plays {teacher.card.game}, which is no title that npckit can play here; a student learns in games, so give "
                "the folder of its title with --game."
            )
        print(f"distilling {source} in its own games of {game.name}", flush=True)
        found = distilled(teacher, game, out, str(source), minutes=minutes, matches=matches, seed=seed)
    print(found.parity.told())
    Console().print(_table(found.before, found.after, f"{source} and its student, {matches} matches each, seed {seed}"))


def _teacher(source: Path, exported: Path, told: dict[str, Any], names: Path | None, *, trust: bool) -> PolicyFile:
    """The policy file of a source, made anew where it is a zip."""
    if source.suffix == ".zip" and not _is_checkpoint(source):
        _say(*_from_zip(source, exported, told, names, trust=trust))
    elif _is_policy(source):
        return PolicyFile.load(source)
    else:
        _from_run(source, exported)
    return PolicyFile.load(exported)


def _table(before: Side, after: Side, title: str) -> Table:
    table = Table("", "before", "after", title=title)
    for one, other in zip(before.figures, after.figures, strict=True):
        rates = [each.win_rate for each in (one, other)]
        if all(rates):
            cells = [f"{rate.mean:.1%} ({rate.low:.1%} to {rate.high:.1%})" for rate in rates if rate]
            table.add_row(f"wins against {one.opponent}", *cells)
        else:
            scores = (one.score, other.score)
            table.add_row("score, alone", *(f"{s.mean:.2f} ({s.low:.2f} to {s.high:.2f})" for s in scores))
    table.add_row("numbers learnt", *(f"{side.parameters:,}" for side in (before, after)))
    table.add_row("size, KiB", *(f"{side.kib:.0f}" for side in (before, after)))
    table.add_row("µs a decision, median", *(f"{side.microseconds:.1f}" for side in (before, after)))
    return table
