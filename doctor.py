"""`npckit doctor`: looks at the machine, and says what to do about what is missing."""

from __future__ import annotations

import importlib.util
import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from typing import NamedTuple

from . import __version__
from .errors import UserError

PACKAGES = {  # package: the extra that brings it ("": the base install)
    "numpy": "", "onnxruntime": "", "numba": "play", "pygame-ce": "play", "tyro": "play", "rich": "play", "imageio-ffmpeg": "play",
    "pillow": "play", "gymnasium": "envs", "pettingzoo": "envs", "torch": "train", "stable-baselines3": "train", "sb3-contrib": "train",
    "tensorboard": "train", "onnx": "train", "onnxscript": "train", "openskill": "play",
}  # fmt: skip


class Finding(NamedTuple):
    """One line of the report: whether it is fine, what was looked at, and what was found or what to do."""

    fine: bool
    what: str
    said: str


def doctor() -> None:
    """Check versions, device, display, sound and ffmpeg, and say what to do."""
    findings = [*_versions(), *_pygame(), *_device(), *_display(), *_sound(), *_ffmpeg(), *_cache()]
    for fine, what, said in findings:
        print(f"{'ok  ' if fine else 'LOOK'}  {what:<18} {said}")
    serious = [finding.what for finding in findings if not finding.fine and finding.what == "pygame"]
    if serious:
        raise UserError("two packages write the same pygame folder; do what is said above.")


def _versions() -> Iterator[Finding]:
    yield Finding(
        sys.version_info >= (3, 11), "python", f"{platform.python_version()} on {platform.platform(terse=True)}"
    )
    yield Finding(True, "npckit", __version__)
    for package, extra in PACKAGES.items():
        found = _version(package)
        missing = f"not installed; pip install 'npckit[{extra}]'" if extra else "not installed; pip install npckit"
        yield Finding(found is not None, package, found or missing)


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _pygame() -> Iterator[Finding]:
    if _version("pygame") and _version("pygame-ce"):
        fix = "pip uninstall -y pygame pygame-ce && pip install pygame-ce"
        yield Finding(False, "pygame", f"pygame and pygame-ce overwrite each other; run: {fix}")


def _device() -> Iterator[Finding]:
    if importlib.util.find_spec("torch") is None:
        return
    import torch

    if torch.cuda.is_available():
        yield Finding(True, "device", f"cuda: {torch.cuda.get_device_name()}")
    else:
        yield Finding(
            True, "device", f"cpu with {os.cpu_count()} cores (torch finds no GPU; --device auto uses the cpu)"
        )


def _display() -> Iterator[Finding]:
    there = sys.platform != "linux" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    yield Finding(bool(there), "display", "there" if there else "none; `npckit record` makes videos without one")


def _sound() -> Iterator[Finding]:
    if importlib.util.find_spec("pygame") is None:
        return
    tried = [
        sys.executable,
        "-c",
        "import pygame; pygame.mixer.init()",
    ]  # apart, because sound libraries speak for themselves
    there = subprocess.run(tried, capture_output=True, check=False).returncode == 0
    yield Finding(there, "sound", "there" if there else "no device; games play silently")


def _ffmpeg() -> Iterator[Finding]:
    if importlib.util.find_spec("imageio_ffmpeg") is None:
        return
    import imageio_ffmpeg

    try:
        yield Finding(True, "ffmpeg", f"{imageio_ffmpeg.get_ffmpeg_version()} in imageio-ffmpeg")
    except RuntimeError:
        yield Finding(
            False, "ffmpeg", "missing; pip install --force-reinstall imageio-ffmpeg, or set IMAGEIO_FFMPEG_EXE"
        )


def _cache() -> Iterator[Finding]:
    from .games.compiler import cache_root

    root = cache_root()
    try:
        root.mkdir(parents=True, exist_ok=True)
        writable = os.access(root, os.W_OK)
    except OSError:
        writable = False
    yield Finding(
        writable,
        "compiled rules",
        str(root) if writable else f"{root} cannot be written; set NPCKIT_CACHE to a folder that can",
    )
