"""What benchmarks share: a stopwatch, steps in a stretch of time, the machine, and the file of results."""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ... import __version__
from ...games.files import written_beside

Row = dict[str, Any]


class Stopwatch:
    """Counts the calls of some methods, and adds up the seconds that they take."""

    def __init__(self) -> None:
        self.seconds, self.calls = 0.0, 0

    def watch(self, owner: Any, name: str) -> None:
        method = getattr(owner, name)

        def timed(*args: Any, **named: Any) -> Any:
            start = time.perf_counter()
            result = method(*args, **named)
            self.seconds += time.perf_counter() - start
            self.calls += 1
            return result

        setattr(owner, name, timed)


def calls_per_second(step: Callable[[], Any], seconds: float) -> float:
    """How often something can be called, over a stretch of time."""
    calls, start = 0, time.perf_counter()
    while (now := time.perf_counter()) - start < seconds:
        step()
        calls += 1
    return calls / (now - start)


def machine() -> Row:
    """Where, and with what, figures were measured."""
    return {
        "npckit": __version__,
        "python": platform.python_version(),
        "machine": processor(),
        "cores": os.cpu_count(),
    }


def processor() -> str:
    """The processor's name, or its family where the system does not tell more."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def write_results(out: Path, results: Mapping[str, Any]) -> None:
    """As JSON, whole or not at all."""
    with written_beside(out) as draft:
        draft.write_text(json.dumps(results, indent=1) + "\n")
    print(f"wrote {out}")
