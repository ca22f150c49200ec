"""The command `npckit`: finds the part that a command belongs to, imports that alone, and turns a UserError into a sentence."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from . import __version__
from .errors import UserError, missing_extra
from .flags import parse

COMMANDS = {  # name: (where it lives, what it does)
    "play": ("playback.commands:play", "play a title in a window, against a bot or a trained agent"),
    "watch": ("playback.commands:watch", "watch agents or a replay play in a window"),
    "record": ("playback.commands:record", "record a match or a replay as mp4, gif or replay file"),
    "sheet": ("playback.commands:sheet", "make one picture of all titles"),
    "train": ("train.commands:train", "train an agent"),
    "populations": ("train.rivals:populations", "train a title's roles against each other"),
    "evaluate": ("train.commands:evaluate", "measure an agent against others"),
    "tournament": ("train.tournament:tournament", "rate agents against each other"),
    "exploit": ("train.rivals:exploit", "look for a way to beat a policy"),
    "export": (
        "train.export:export",
        "write a run or a model from elsewhere as a policy file, or distil a smaller one",
    ),
    "ladder": ("train.ladder:ladder", "measure ten levels of a policy, and write them into its card"),
    "tensorboard": ("train.commands:tensorboard", "open the charts of runs"),
    "demo": ("train.commands:demo", "train for a minute, evaluate, record a match"),
    "zoo": ("train.rivals:zoo", "measure the shipped rivals, or ship one"),
    "games": ("games.commands:games", "list the titles"),
    "check": ("games.commands:check", "check a title against the contract"),
    "card": ("agents.commands:card", "show the card inside a policy file"),
    "bench": ("train.bench:bench", "measure speed"),
    "doctor": ("doctor:doctor", "check this machine, and say what to do"),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command; returns the exit status (0 fine, 2 a refusal, 130 interrupted, 1 nobody reads any more)."""
    args = list(sys.argv[1:] if argv is None else argv)
    try:
        _run(args)
        sys.stdout.flush()
    except UserError as error:
        print(f"npckit: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # as with `| head`; 1 is what rich exits with, and the last flush must not complain
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        print(
            f"npckit: {error.filename or ''} {error.strerror or error}; nothing was overwritten.".replace(":  ", ": "),
            file=sys.stderr,
        )
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


def _run(line: list[str]) -> None:
    name, args = (line or ["--help"])[0], line[1:]
    if name in ("-h", "--help"):
        return _help()
    if name == "--version":
        return print(f"npckit {__version__}")
    if name not in COMMANDS:
        raise UserError(f"there is no command {name!r}; the commands are {', '.join(COMMANDS)}.")
    if find_spec("tyro") is None:
        raise missing_extra("tyro", "play")
    function = _load(COMMANDS[name][0])
    if hasattr(function, "read_args"):  # a command whose defaults depend on its arguments: a preset sets them
        function.read_args(args)
    else:
        parse(function, f"npckit {name}", args)()


def _load(place: str) -> Callable[..., Any]:
    module, function = place.split(":")
    return getattr(import_module(f"npckit.{module}"), function)


def _help() -> None:
    print(f"npckit {__version__}: small pygame titles turned into rivals\n\nusage: npckit COMMAND [-h] ...\n")
    for name, (_, summary) in COMMANDS.items():
        print(f"  {name:<12} {summary}")
