"""Tanks: two tanks hunt each other among walls that hide them."""

from ..contract import Game
from . import bots, hunt, picture, rules, senses

GAME = Game(
    spec=rules.SPEC,
    state=rules.STATE,
    reset=rules.reset,
    step=rules.step,
    draw=picture.draw,
    features=senses.features,
    legal=rules.legal,
    bots={"easy": bots.easy, "normal": bots.normal, "hard": bots.hard},
    memory=hunt.MEMORY,
)
