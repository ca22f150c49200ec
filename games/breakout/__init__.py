"""Breakout: a paddle, a ball, a wall of bricks."""

from ..contract import Game
from . import bots, picture, rules

GAME = Game(
    spec=rules.SPEC,
    state=rules.STATE,
    reset=rules.reset,
    step=rules.step,
    draw=picture.draw,
    features=rules.features,
    bots={"easy": bots.easy, "normal": bots.normal, "hard": bots.hard},
    memory=bots.MEMORY,
)
