"""Snake: eat, grow, and crash into nothing; alone, or as a duel."""

from ..contract import Game
from . import bots, picture, rules, senses

GAME = Game(
    spec=rules.SPEC,
    state=rules.STATE,
    reset=rules.reset,
    step=rules.step,
    draw=picture.draw,
    features=senses.features,
    legal=rules.legal,
    bots={"easy": bots.easy, "normal": bots.normal, "hard": bots.hard},
    memory=bots.MEMORY,
)
