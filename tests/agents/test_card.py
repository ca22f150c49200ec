"""The card travels unchanged, and refuses what play could not rely on."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest
from npckit.agents.card import Card, Observation, Part
from npckit.errors import UserError


def _pixels(stack: int = 4, **fields: Any) -> Observation:
    told = {"name": "obs", "frame_shape": (1, 48, 64), "dtype": "uint8", "low": 0, "high": 255}
    return Observation(kind="pixels", parts=(Part(**(told | fields)),), stack=stack)


def _changed(card: Card, **fields: Any) -> str:
    return json.dumps(json.loads(card.to_json()) | fields)


def test_a_card_survives_json(make_card: Any) -> None:
    card = make_card(stack=3, recurrent=(("h", (2, 8)),), training={"steps": 5, "seeds": [1, 2]}, skill={"win": 0.5})
    assert Card.from_json(card.to_json()) == card


def test_a_card_of_features_and_planes_survives_json(make_card: Any) -> None:
    features = Part(name="features", frame_shape=(3,), dtype="float32", low=-1, high=1, names=("a", "b", "c"))
    planes = Part(name="planes", frame_shape=(2, 6, 8), dtype="uint8", low=0, high=1)
    card = make_card(observation=Observation(kind="both", parts=(features, planes), stack=2))
    assert Card.from_json(card.to_json()) == card
    assert card.input_shapes() == {"features": (6,), "planes": (4, 6, 8)}


def test_a_newer_format_says_to_upgrade(make_card: Any) -> None:
    with pytest.raises(UserError, match="newer npckit; upgrade"):
        Card.from_json(_changed(make_card(), format=2, surprise=True))


FREE = ("temperature", "recurrent", "training", "skill", "ratings")


@pytest.mark.parametrize("field", [f.name for f in dataclasses.fields(Card) if f.name not in (*FREE, "format")])
def test_a_required_field_cannot_be_missing(make_card: Any, field: str) -> None:
    raw = json.loads(make_card().to_json())
    del raw[field]
    with pytest.raises(UserError, match=f"lacks the field {field}"):
        Card.from_json(json.dumps(raw))


def test_an_unknown_field_is_refused(make_card: Any) -> None:
    with pytest.raises(UserError, match="unknown field 'surprise'"):
        Card.from_json(_changed(make_card(), surprise=1))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("format", 0),
        ("format", True),
        ("npckit", ""),
        ("game", 7),
        ("role", "a\nb"),
        ("rules_version", -1),
        ("rules_version", 1.0),
        ("actions", []),
        ("actions", ["up", "up"]),
        ("actions", [str(at) for at in range(1001)]),
        ("decision_ticks", 0),
        ("temperature", -0.1),
        ("temperature", 1001),
        ("temperature", True),
        ("temperature", "warm"),
        ("decision_ticks", 1001),
        ("tick_rate", "60"),
        ("output", "probabilities"),
        ("recurrent", [["h"]]),
        ("recurrent", [["h", [0]]]),
        ("recurrent", [["obs", [4]]]),
        ("recurrent", [["logits", [4]], ["h", [2**20, 2**20]]]),
        ("training", []),
        ("observation", None),
        ("observation", {}),
        ("observation", {"kind": "sound", "parts": [], "stack": 1}),
    ],
)
def test_an_odd_field_is_refused(make_card: Any, field: str, value: object) -> None:
    with pytest.raises(UserError, match=r"^card: "):
        Card.from_json(_changed(make_card(), **{field: value}))


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "image"},
        {"frame_shape": (48, 64)},
        {"frame_shape": (3, 48, 64)},
        {"frame_shape": (1, 2**13, 2**13)},
        {"dtype": "int8"},
        {"low": 1.0, "high": 1.0},
        {"high": float("nan")},
        {"high": 256},
        {"names": ("a", "b")},
        {"stack": 65},
        {"stack": 0},
    ],
)
def test_an_odd_observation_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(UserError, match=r"^card: "):
        _pixels(**fields)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_a_number_that_is_none_is_refused(make_card: Any, number: str) -> None:
    text = _changed(make_card(), training={"loss": 77}).replace("77", number)
    with pytest.raises(UserError, match=r"^card: it holds the number"):
        Card.from_json(text)


def test_a_field_that_is_named_twice_is_refused(make_card: Any) -> None:
    # Readers differ in which of the two they believe.
    with pytest.raises(UserError, match="names a field twice"):
        Card.from_json(make_card().to_json()[:-1] + ', "game": "other"}')


@pytest.mark.parametrize("field", ["actions", "training", "recurrent"])
@pytest.mark.parametrize("depth", [33, 400, 900])
def test_a_deep_nest_is_refused(make_card: Any, field: str, depth: int) -> None:
    text = _changed(make_card(), **{field: {"deep": 77}}).replace("77", "[" * depth + "]" * depth)
    with pytest.raises(UserError, match=r"^card: (its lists and objects lie over 32 deep|it is not JSON)"):
        Card.from_json(text)


def test_half_a_character_is_refused(make_card: Any) -> None:
    with pytest.raises(UserError, match="not Unicode"):
        Card.from_json(_changed(make_card(), training={"by": "\ud800"}))


@pytest.mark.parametrize("text", ["", "[]", "[" * 100_000, '{"format": NaN', "9" * 5000, '"' + "a" * 2**20 + '"'])
def test_what_is_not_a_card_is_refused(text: str) -> None:
    with pytest.raises(UserError, match=r"^card: "):
        Card.from_json(text)


def test_training_notes_must_be_json(make_card: Any) -> None:
    with pytest.raises(UserError, match="plain JSON"):
        make_card(training={"steps": {1, 2}}).to_json()
