"""`check_game` finds what a newcomer gets wrong, and says it in a sentence."""

from dataclasses import replace

import pytest
from npckit.games.check import check_game
from npckit.games.contract import f4, i4, record, rule, u8


def test_every_title_keeps_the_contract(title):
    assert check_game(title) == []


@rule
def _feature_too_large(state, seat, out):
    for i in range(len(out)):
        out[i] = 7.0


@rule
def _gives_to_one_seat_alone(state, actions, rewards):
    rewards[0] += 1
    return False


@rule
def _overflows(state, actions, rewards):
    state.tick = state.tick + 2**40
    return False


@rule
def _floods(state, seat, frame):
    frame.count = 99


@rule
def _forbids_all(state, seat, out):
    for i in range(len(out)):
        out[i] = 0


@rule
def _wrong_action(features, mask, memory):
    return 77


BROKEN = {
    "leaves [-1, 1]": {"features": _feature_too_large},
    "do not cancel": {"step": _gives_to_one_seat_alone},
    "does not fit": {"step": _overflows},
    "SPEC.max_shapes is": {"draw": _floods},
    "without any action": {"legal": _forbids_all},
    "got 77": {"bots": {"easy": _wrong_action}},
    "lacks @rule": {"draw": lambda state, seat, frame: None},
    "needs scripted players": {"bots": {}},
}


@pytest.mark.parametrize("sentence", BROKEN)
def test_a_broken_rule_is_named(pong, sentence):
    findings = check_game(replace(pong, **BROKEN[sentence]))
    assert any(sentence in finding for finding in findings), findings


FACTS = {
    "STATE needs a field rng=u8": {"state": record(tick=i4, events=i4)},
    "STATE needs a field tick=i4": {"state": record(rng=u8, events=i4, tick=f4)},
}


@pytest.mark.parametrize("sentence", FACTS)
def test_a_missing_field_is_named(pong, sentence):
    assert any(sentence in finding for finding in check_game(replace(pong, **FACTS[sentence])))


SPECS = {
    "SPEC.roles needs one entry for each of 2 seats": {"roles": ("paddle",)},
    "SPEC.mirror is one of": {"mirror": "z"},
    "which is no ink": {"planes": ("self", "other", "ball", "cloud")},
    "missing in SPEC.planes": {"planes": ("self", "other")},
    "needs at least two actions": {"actions": ("stay",), "keys": {}},
    "names an action that no role has": {"keys": {"fly": "space"}},
    "score_reference must be above": {"score_reference": -1.0},
    "lower-case identifier": {"name": "Pong!"},
}


@pytest.mark.parametrize("sentence", SPECS)
def test_a_wrong_fact_is_named(pong, sentence):
    assert any(sentence in finding for finding in check_game(replace(pong, spec=replace(pong.spec, **SPECS[sentence]))))
