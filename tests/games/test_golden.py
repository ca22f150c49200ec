"""Golden traces, and the three ways of running rules."""

import json
import shutil

import numpy as np
import pytest
from npckit.games import golden, registry
from npckit.games.batch import Batch
from npckit.games.check import random_actions
from npckit.games.compiler import MODES


@pytest.mark.parametrize("mode", MODES)
def test_the_rules_are_those_of_the_golden_traces_whichever_way_they_run(title, mode):
    assert golden.differences(title, mode) == []


def test_a_title_without_golden_traces_is_told_how_to_write_them(title, tmp_path):
    folder = shutil.copytree(registry.folder_of(title), tmp_path / title.name)
    (folder / "golden.json").unlink()
    if title.name == "lantern":  # pong's rules use relative imports and live inside the package only
        assert f"npckit check {folder} --write-golden" in golden.differences(registry.load(folder))[0]


def test_a_changed_hash_is_named_with_its_seed(lantern, tmp_path):
    folder = shutil.copytree(registry.folder_of(lantern), tmp_path / "lantern")
    golden_file = folder / "golden.json"
    traces = json.loads(golden_file.read_text())
    traces["traces"][0]["hashes"][3] = "0" * 16
    golden_file.write_text(json.dumps(traces))
    assert golden.differences(registry.load(folder)) == [
        "seed 1: the state differs by decision 40 (compiled); raise SPEC.version if it should."
    ]


def test_states_are_equal_three_ways_over_ten_thousand_random_ticks(title):
    hashes = {mode: _hashes(title, mode) for mode in MODES}
    assert hashes["interpreted"] == hashes["checked"] == hashes["compiled"]


def _hashes(game, mode):
    batch, rng, ticks, hashes = Batch(game, 4, mode=mode), np.random.default_rng(0), 0, []
    batch.reset(0)
    while ticks < 10_000:
        batch.step(random_actions(batch, rng))
        ticks += batch.num_games * game.spec.decision_ticks
        hashes.append(batch.hash())
        batch.restart(~batch.running)
    return hashes
