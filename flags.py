"""Reads a command's flags, and turns what tyro has to say about wrong ones into a sentence."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr
from functools import partial, wraps
from typing import Any

from .errors import UserError


def parse(function: Callable[..., Any], prog: str, args: Sequence[str]) -> Callable[[], Any]:
    """`function` with its arguments, ready to be called. UserError: a flag is unknown, missing or wrong."""
    import tyro

    @wraps(function)
    def bound(*values: Any, **named: Any) -> Callable[[], Any]:
        return partial(function, *values, **named)

    said = io.StringIO()
    try:
        with redirect_stderr(said):
            call: Callable[[], Any] = tyro.cli(bound, prog=prog, args=list(args))
    except SystemExit as stop:
        if not stop.code:
            raise
        raise UserError(f"{_sentence(said.getvalue())}; see {prog} --help.") from None
    return call


def _sentence(box: str) -> str:
    """What tyro says in its box, or between its lines where the terminal knows no boxes, without heading, details and last remark.

    >>> _sentence("╭─ Parsing error ─╮\\n│ Unrecognized options: --fast │\\n│ ──── │\\n│ For full helptext, see x --help │\\n╰──╯")
    'Unrecognized options: --fast'
    """
    lines = [line.strip("│ ") for line in re.sub(r"\x1b\[[0-9;]*m", "", box).splitlines()[1:]]
    told = [
        line
        for line in lines
        if line.strip("─-╰╯") and not line.startswith("For full helptext") and not line.endswith("--help")
    ]
    wrong, *_ = re.split(r"\.? (?:Got errors|Argument helptext):", " ".join(told))  # what follows is for programmers
    return wrong.rstrip(".") or "the flags could not be read"
