"""What a process takes of its machine. Every figure is None where the system does not tell it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import torch

MEGABYTE = 1_000_000


def resident_mb() -> float | None:
    """Memory that this process holds now, in megabytes (Linux alone tells it without a further package)."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return None
    return pages * os.sysconf("SC_PAGE_SIZE") / MEGABYTE


def peak_mb() -> float | None:
    """The most memory that this process has held so far, in megabytes."""
    try:
        import resource
    except ModuleNotFoundError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak * (1 if sys.platform == "darwin" else 1024) / MEGABYTE  # macOS counts bytes, others KiB


def gpu_mb() -> float | None:
    """Memory that torch has taken on the GPU, in megabytes; None before it has used one."""
    return torch.cuda.memory_reserved() / MEGABYTE if torch.cuda.is_initialized() else None
