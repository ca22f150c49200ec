"""Flappy: one bird, one key, gates without end."""

from ..contract import Game
from . import bots, rules

GAME = Game(
    spec=rules.SPEC,
    state=rules.STATE,
    reset=rules.reset,
    step=rules.step,
    draw=rules.draw,
    features=rules.features,
    bots={"easy": bots.easy, "normal": bots.normal, "hard": bots.hard},
    memory=bots.MEMORY,
)
