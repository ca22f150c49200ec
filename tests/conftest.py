"""Fixtures for all tests: every title there is, and one that only the tests know; programs of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
os.environ.setdefault("SDL_AUDIODRIVER", "dummy")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # before torch is imported anywhere, see npckit.train

from npckit.games import registry

Start = Callable[..., "subprocess.Popen[str]"]
LANTERN = Path(__file__).parent / "titles" / "lantern"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that asks for `title` runs once for every title; new ones are found, never listed."""
    if "title" in metafunc.fixturenames:
        places = [*registry.names(), str(LANTERN)]
        metafunc.parametrize("title", [registry.load(place) for place in places], ids=lambda game: game.name)


@pytest.fixture
def pong() -> object:
    return registry.load("pong")


@pytest.fixture
def lantern() -> object:
    return registry.load(LANTERN)


@pytest.fixture
def start(tmp_path: Path) -> Start:
    """Starts `python *arguments` in the test's folder."""

    def popen(*arguments: str) -> subprocess.Popen[str]:
        environment = {**os.environ, "OMP_WAIT_POLICY": "PASSIVE"}
        pipe = subprocess.PIPE
        return subprocess.Popen(
            [sys.executable, *arguments], cwd=tmp_path, env=environment, stdout=pipe, stderr=pipe, text=True
        )

    return popen
