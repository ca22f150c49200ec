"""The shipped rivals are as good as their cards say."""

from __future__ import annotations

from pathlib import Path

import pytest
from npckit.agents.policy_file import ZOO, PolicyFile
from npckit.games import registry
from npckit.train import evaluate

RIVALS = sorted(ZOO.glob("*.onnx"))


@pytest.mark.parametrize("path", RIVALS, ids=lambda path: path.stem)
def test_a_shipped_rival_wins_as_often_as_its_card_says(path: Path) -> None:
    card = PolicyFile.load(path).card
    game = registry.load(card.game)
    assert card.rules_version == game.spec.version
    for figures in evaluate(path, matches=200, seed=7):
        told = card.skill[f"vs_{figures.opponent}"]
        assert told["matches"] >= 1000 and figures.win_rate is not None
        assert figures.win_rate.low <= told["win_rate"][2] and told["win_rate"][1] <= figures.win_rate.high


@pytest.mark.slow
def test_the_champion_of_pong_beats_the_hard_bot_in_nine_of_ten_of_a_thousand_matches() -> None:
    (figures,) = evaluate(ZOO / "pong.onnx", against=["hard"], matches=1000)
    assert figures.win_rate is not None and figures.win_rate.mean >= 0.9
