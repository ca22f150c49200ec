"""The shipped rivals are as good as their cards say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from npckit.agents.policy_agent import PolicyAgent
from npckit.agents.policy_file import ZOO, PolicyFile
from npckit.games import registry
from npckit.train import evaluate
from npckit.train.evaluation import measure
from npckit.train.exploit import BEST_RESPONSE, is_faced
from npckit.train.zoo import config_of

RIVALS = sorted(ZOO.glob("*.onnx"))
FACED = [path for path in RIVALS if is_faced(PolicyFile.load(path))]


@pytest.mark.parametrize("path", RIVALS, ids=lambda path: path.stem)
def test_a_shipped_rival_is_as_good_as_its_card_says(path: Path) -> None:
    card = PolicyFile.load(path).card
    game = registry.load(card.game)
    assert card.rules_version == game.spec.version
    for figures in evaluate(path, seats=card.training["seats"], matches=100, seed=7):
        told = card.skill[f"vs_{figures.opponent}" if figures.opponent else "alone"]
        found, (told_mean, low, high) = (
            (figures.win_rate, told["win_rate"]) if figures.win_rate else (figures.score, told["score"])
        )
        assert told["matches"] >= 1000
        # so many are compared that some lie outside of 95% intervals: half as much again is allowed
        assert abs(found.mean - told_mean) <= 0.75 * (found.high - found.low + high - low), figures.opponent


@pytest.mark.parametrize("path", RIVALS, ids=lambda path: path.stem)
def test_a_rival_has_its_config_curves_and_report_beside_it(path: Path) -> None:
    config = config_of(path.stem)
    assert (config.game, config.role) == (PolicyFile.load(path).card.game, PolicyFile.load(path).card.role)
    assert path.with_suffix(".csv").read_text().startswith("tag,samples,value\n")
    told = {
        f"vs_{each['opponent']}" if each["opponent"] else "alone"
        for each in json.loads(path.with_suffix(".json").read_text())
    }
    assert told == {*PolicyFile.load(path).card.skill} - {BEST_RESPONSE}


@pytest.mark.parametrize("path", FACED, ids=lambda path: path.stem)
def test_a_way_to_beat_every_rival_that_can_be_faced_was_looked_for(path: Path) -> None:
    found = PolicyFile.load(path).card.skill[BEST_RESPONSE]
    low, high = found["wins"][1:]
    assert found["samples"] > 100_000 and high - low < 0.11  # 400 matches and more


def test_the_zoo_is_small() -> None:
    assert sum(path.stat().st_size for path in ZOO.iterdir() if path.is_file()) < 20e6


@pytest.mark.slow
def test_a_memory_pays_under_fog() -> None:
    """Twins of equal weights, settings and samples, but for the memory: it is rated higher, and wins more against the bots."""
    game, twins = registry.load("tanks"), [PolicyFile.load(name) for name in ("tanks", "tanks_forgetful")]
    told = [twin.card.training for twin in twins]
    assert told[0]["opponents"] == told[1]["opponents"] and told[0]["samples"] == pytest.approx(
        told[1]["samples"], rel=0.01
    )
    assert [bool(twin.card.recurrent) for twin in twins] == [True, False]
    (_, low, _), (_, _, high) = (twin.card.ratings["rating"] for twin in twins)
    assert low > high
    with_memory, without = (
        sum(measure(game, PolicyAgent(twin), bot, matches=200, seed=11).win_rate.mean for bot in game.bots)  # type: ignore[union-attr]
        for twin in twins
    )
    assert with_memory > without + 0.1
