"""Each of a crowd plays as if alone, thinks in a tick of its own, and waits where there is no time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import chain
from typing import Any

import numpy as np
import pytest
from npckit.agents import crowd, npc
from npckit.agents.handicap import Handicap
from npckit.agents.npc import Npc
from npckit.errors import UserError
from numpy.typing import NDArray

HELD_BACK = Handicap(delay=6.5, aim_error=0.3, decision_every=2, inattention=0.3, temperature=1.0)
OPTIONS = [
    {},
    {"deterministic": False, "temperature": 0.7},
    {"handicap": HELD_BACK},
    {"handicap": HELD_BACK, "deterministic": False},
]
LEFT, RIGHT = np.array([1, 0, 0], np.float32), np.array([0, 0, 1], np.float32)


class Clock:
    """Time that passes when it is told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        for module in (npc, crowd):
            monkeypatch.setattr(module, "perf_counter", lambda: self.now)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


@pytest.fixture
def path(make_policy: Any) -> Any:
    return make_policy(np.random.default_rng(0).normal(size=(6, 4)), stack=2, recurrent=True)


def _frames(steps: int, characters: int) -> NDArray[np.float32]:
    return np.random.default_rng(1).normal(size=(steps, characters, 3)).astype(np.float32)


@pytest.mark.parametrize("options", OPTIONS)
def test_each_decides_as_one_alone_with_its_own_seed(path: Any, options: dict[str, Any]) -> None:
    many, alone = Npc.load(path, seed=5, **options), [Npc.load(path, seed=5 + k, **options) for k in range(12)]
    masks = np.random.default_rng(2).random((40, 12, 4)) < 0.7
    masks[..., 0] = True
    for frames, mask in zip(_frames(40, 12), masks, strict=True):
        wanted = [each.act(frame, row) for each, frame, row in zip(alone, frames, mask, strict=True)]
        assert many.act_many(frames, mask).tolist() == wanted


@pytest.mark.parametrize("options", OPTIONS)
def test_each_ticks_as_one_alone_with_its_own_seed_and_stagger(path: Any, options: dict[str, Any]) -> None:
    many = Npc.load(path, seed=5, stagger=3, **options)
    alone = [Npc.load(path, seed=5 + k, stagger=3 + k, **options) for k in range(10)]
    masks = np.random.default_rng(2).random((60, 10, 4)) < 0.7
    masks[..., 0] = True
    for frames, mask in zip(_frames(60, 10), masks, strict=True):
        asks = [(partial(frames.__getitem__, k), partial(mask.__getitem__, k)) for k in range(10)]
        wanted = [each.tick(*ask) for each, ask in zip(alone, asks, strict=True)]
        assert many.tick_many(range(10), frames.__getitem__, mask.__getitem__).tolist() == wanted


def test_who_else_is_there_does_not_matter(path: Any) -> None:
    """A character that joins third draws the same, whether the others stay or go."""
    frames = _frames(30, 3)
    drawn = {"deterministic": False, "seed": 9}
    stays, goes = Npc.load(path, **drawn), Npc.load(path, **drawn)
    first = stays.act_many(frames[0], ids="abc"), goes.act_many(frames[0], ids="abc")
    assert first[0].tolist() == first[1].tolist()
    goes.forget(["a", "b"])
    for frame in frames[1:]:
        assert stays.act_many(frame, ids="abc")[2] == goes.act_many(frame[2:], ids="c")[0]


def test_a_crowd_thinks_in_turns(make_policy: Any) -> None:
    """Everybody decides at once to begin with, and then so many in every tick."""
    many, asked = Npc.load(make_policy()), []

    def observe(ids: list[Any]) -> NDArray[np.float32]:
        asked.append(ids)
        return np.tile(RIGHT, (len(ids), 1))

    for _ in range(9):
        many.tick_many(range(50), observe)
    assert [len(ids) for ids in asked] == [50, 12, 12, 13, 13, 12, 12, 13, 13]
    assert sorted(chain(*asked[1:5])) == sorted(chain(*asked[5:9])) == [*range(50)]


def test_characters_of_their_own_are_staggered(make_policy: Any) -> None:
    asked = np.zeros((4, 9), int)
    for number, npc_ in enumerate(Npc.load(make_policy(), stagger=number) for number in range(4)):
        for tick in range(9):
            npc_.tick(lambda number=number, tick=tick: (asked.__setitem__((number, tick), 1), RIGHT)[1])
    assert asked[:, 0].all() and (asked[:, 1:].sum(axis=0) == 1).all()


def test_a_decision_that_does_not_fit_the_budget_is_put_off_and_counted(make_policy: Any, clock: Clock) -> None:
    one = Npc.load(make_policy(decision_ticks=1), fallback="action1")

    def observe(frame: NDArray[np.float32]) -> NDArray[np.float32]:
        clock.now += 0.010
        return frame

    assert one.tick(lambda: LEFT, budget=0.001) == 0  # that is not known yet
    assert one.tick(lambda: observe(RIGHT), budget=0.001) == 2
    assert one.tick(lambda: observe(LEFT), budget=0.005) == 1 and one.skipped == 1
    assert one.tick(lambda: observe(LEFT), budget=0.020) == 0 and one.skipped == 1
    assert one.tick(lambda: observe(RIGHT)) == 2  # no budget, no limit


def test_without_a_fallback_the_held_action_goes_on(make_policy: Any, clock: Clock) -> None:
    one = Npc.load(make_policy(decision_ticks=2))
    one.tick(lambda: (setattr(clock, "now", 1.0), RIGHT)[1], budget=1)
    assert [one.tick(lambda: LEFT, budget=0.1) for _ in range(2)] == [2, 2] and one.skipped == 1
    assert one.tick(lambda: LEFT, budget=2.0) == 0


def test_what_was_slow_once_is_tried_again(make_policy: Any, clock: Clock) -> None:
    one = Npc.load(make_policy(decision_ticks=1))
    one.tick(lambda: (setattr(clock, "now", 9.0), RIGHT)[1], budget=1)
    ticks = [one.tick(lambda: LEFT, budget=0.001) for _ in range(100)]
    assert ticks[0] == 2 and ticks[-1] == 0 and 1 <= one.skipped <= 64


def test_who_waits_longest_in_a_crowd_comes_first(make_policy: Any, clock: Clock) -> None:
    many, asked = Npc.load(make_policy(decision_ticks=1)), []

    def observe(ids: list[Any]) -> NDArray[np.float32]:
        asked.append(ids)
        clock.now += 0.001 * (len(ids) + 16)
        return np.tile(RIGHT, (len(ids), 1))

    many.tick_many(range(30), observe, budget=1)
    for _ in range(3):
        many.tick_many(range(30), observe, budget=0.0261)
    assert asked[1:] == [[*range(10)], [*range(10, 20)], [*range(20, 30)]]
    assert many.skipped == 60


def test_threads_take_turns(path: Any) -> None:
    frames = _frames(200, 4)
    many, alone = Npc.load(path), Npc.load(path)
    wanted = [alone.act_many(each).tolist() for each in frames]
    with ThreadPoolExecutor(4) as pool:
        found = [
            *pool.map(
                lambda k: many.act_many(np.tile(frames[0, k], (50, 1)), ids=[(k, i) for i in range(50)]), range(4)
            )
        ]
        singles = [*pool.map(lambda _: [many.act(frame) for frame in frames[:, 0]], range(4))]
    assert all(len(set(actions.tolist())) == 1 for actions in found)
    assert all(0 <= action < 4 for actions in singles for action in actions)
    many.reset()
    assert [many.act_many(each).tolist() for each in frames] == wanted


@pytest.mark.parametrize("fallback", ["fly", 3, -1, 1.5])
def test_a_fallback_must_be_an_action(make_policy: Any, fallback: Any) -> None:
    with pytest.raises(UserError, match="fallback must be one of action0, action1, action2"):
        Npc.load(make_policy(), fallback=fallback)


@pytest.mark.parametrize("given", [RIGHT[None], np.zeros((2, 4), np.float32)])
def test_frames_that_do_not_answer_are_refused_in_a_sentence(make_policy: Any, given: NDArray[np.float32]) -> None:
    with pytest.raises(UserError, match=r"get_frames was asked for 2 frames|must be float32"):
        Npc.load(make_policy()).tick_many("ab", lambda ids: given)


def test_a_crowd_grows_and_forgets(make_policy: Any) -> None:
    many = Npc.load(make_policy(np.eye(3), recurrent=True))
    for size in (3, 40, 200, 7):
        assert (many.act_many(np.tile(RIGHT, (size, 1))) == 2).all()
    many.forget(range(200))
    assert (many.act_many(np.tile(LEFT, (200, 1)))[:] == 0).all()
