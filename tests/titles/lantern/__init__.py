"""Lantern: a title that only the tests know, with four seats, two roles in two teams, fog and an action mask."""

from npckit.games.contract import Game

from . import bots, rules

GAME = Game(
    spec=rules.SPEC,
    state=rules.STATE,
    reset=rules.reset,
    step=rules.step,
    draw=rules.draw,
    features=rules.features,
    legal=rules.legal,
    bots={"easy": bots.wander, "hard": {"runner": bots.gather, "chaser": bots.hunt}},
    memory=bots.MEMORY,
)
