"""`npckit bench`: what is fast and what is slow on this machine, what adapts and what is safe, as a table and as JSON.

Machines are shared and noisy: compare within a table, whose lines ran one after the other, not between two.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Literal

from ...flags import parse

BENCHES = ("sim", "learn", "adaptive", "npc", "fuzz")


def bench(what: Literal["sim", "learn", "adaptive", "npc", "fuzz"], /) -> None:
    """Measure. Each has flags of its own: npckit bench sim --help, and so on.

    Args:
        what: sim: environments without any learner; learn: learners beside others, in speed and in time to a skill;
            adaptive: whether an opponent that adapts keeps to a wished win chance; npc: what a decision of an NPC costs;
            fuzz: whether a hostile policy file can do more than be refused
    """


def bench_from_args(args: Sequence[str]) -> None:
    """Hands the flags to the benchmark that the first argument names; without one, `bench` says which there are."""
    if args and args[0] in BENCHES:
        function = getattr(import_module(f".{args[0]}", __name__), args[0])
        parse(function, f"npckit bench {args[0]}", args[1:])()
    else:
        parse(bench, "npckit bench", args)()


bench.read_args = bench_from_args  # type: ignore[attr-defined]  # npckit.cli hands the arguments over unread
