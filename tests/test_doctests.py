"""Every example in a docstring is true."""

import doctest
import pkgutil
from importlib import import_module

import npckit
import pytest

PARTS = ("agents", "envs", "games", "playback", "train")
MODULES = [
    "npckit",
    "npckit.cli",
    "npckit.errors",
    "npckit.flags",
    *(m.name for part in PARTS for m in pkgutil.walk_packages([f"{npckit.__path__[0]}/{part}"], f"npckit.{part}.")),
]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_hold(name):
    assert doctest.testmod(import_module(name)).failed == 0
