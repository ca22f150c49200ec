"""Heist: a thief, four jewels, and three guards with lanterns."""

from ..contract import Game
from . import bots, picture, rules, senses
from .hopes import guard_hopes, thief_hopes

GAME = Game(
    spec=rules.SPEC,
    state=rules.STATE,
    reset=rules.reset,
    step=rules.step,
    draw=picture.draw,
    features=senses.features,
    bots=bots.BOTS,
    memory=bots.MEMORY,
    potentials={"thief": thief_hopes, "guard": guard_hopes},
)
