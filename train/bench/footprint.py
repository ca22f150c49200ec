"""What it takes to have an NPC, beside what it takes to have a learner: seconds to import, memory, and space on disk."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import npckit

from .measure import Row

RUNS = 5  # of which the quickest counts
PROBE = """
import resource, time
from pathlib import Path
start = time.perf_counter()
{code}
seconds, told = time.perf_counter() - start, Path("/proc/self/status")
lines = told.read_text().splitlines() if told.exists() else []
peak = [line.split()[1] for line in lines if line.startswith("VmHWM:")]  # of this program alone; ru_maxrss knows its parent's too
print(seconds, *(peak or [resource.getrusage(resource.RUSAGE_SELF).ru_maxrss]))
"""
LOADED = {  # what: (code, the packages that it needs)
    "Python alone": ("", ()),
    "onnxruntime": ("import onnxruntime", ("onnxruntime", "numpy")),
    "an NPC that plays": (
        "from npckit.agents.npc import Npc; Npc.load('pong').act([0.0] * 9)",
        ("npckit", "onnxruntime", "numpy"),
    ),
    "torch": ("import torch", ("torch",)),
    "Stable-Baselines3": ("import stable_baselines3", ("stable-baselines3",)),
}
OWN = ("agents", "games")  # the folders of npckit that an NPC loads from


def footprints() -> Iterator[Row]:
    """A line for each of `LOADED`, measured in processes of their own."""
    for what, (code, packages) in LOADED.items():
        probes = [_probe(code) for _ in range(RUNS)]
        yield {
            "what": what,
            "import_seconds": round(min(seconds for seconds, _ in probes), 4),
            "memory_mb": round(min(memory for _, memory in probes) / 1024, 1),
            "installed_mb": round(sum(map(_size, _with_needs(packages))) / 1e6, 1),
        }


def _probe(code: str) -> tuple[float, float]:
    """Seconds, and KiB of memory at most."""
    done = subprocess.run([sys.executable, "-c", PROBE.format(code=code)], capture_output=True, text=True, check=True)
    seconds, memory = done.stdout.split()
    return float(seconds), float(memory)


def _with_needs(names: tuple[str, ...]) -> set[str]:
    """Packages with all that they need, of what is installed; npckit stands for its base alone."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = re.sub(r"[-_.]+", "-", waiting.pop()).lower()
        if name not in found:
            found.add(name)
            waiting += [] if name == "npckit" else _needs(name)
    return found


def _needs(name: str) -> list[str]:
    try:
        told = distribution(name).requires or []
    except PackageNotFoundError:
        return []
    return [match[0] for each in told if "extra ==" not in each and (match := re.match(r"[\w.-]+", each))]


def _size(name: str) -> int:
    """Bytes of an installed package."""
    if name == "npckit":
        root = Path(npckit.__file__).parent
        files = [file for part in OWN for file in (root / part).rglob("*") if "__pycache__" not in file.parts]
        return sum(file.stat().st_size for file in files if file.is_file())
    try:
        told = distribution(name)
    except PackageNotFoundError:
        return 0
    paths = [Path(str(told.locate_file(file))) for file in told.files or []]
    return sum(path.stat().st_size for path in paths if path.is_file())
