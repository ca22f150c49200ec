"""Invaders: marching rows, crumbling shields, one cannon."""

from ..contract import Game
from . import bots, picture, rules, senses
from .hopes import hopes

GAME = Game(
    spec=rules.SPEC,
    state=rules.STATE,
    reset=rules.reset,
    step=rules.step,
    draw=picture.draw,
    features=senses.features,
    bots={"easy": bots.easy, "normal": bots.normal, "hard": bots.hard},
    memory=bots.MEMORY,
    potentials={"cannon": hopes},
)
