"""The window: time, the control keys, the end of a match. pygame's dummy driver stands in for a display."""

import pygame
import pytest
from npckit.errors import UserError
from npckit.games import registry
from npckit.games.contract import SPECTATOR
from npckit.games.replay import Replay
from npckit.playback import commands
from npckit.playback.casting import seat_people
from npckit.playback.palette import colours
from npckit.playback.session import Session
from npckit.playback.show import Show
from npckit.playback.window import Screen, Window, open_display


@pytest.fixture
def window():
    open_display("never said")
    pygame.event.clear()
    made = Window("test", (480, 400))
    yield made
    made.close()


@pytest.fixture
def show(session, window):
    return Show(session("hard", "easy", seed=3), window, colours(), {})


@pytest.fixture
def person_show(pong, window):
    people, bindings = seat_people(pong, [0], window.keyboard)
    from npckit.agents.seats import BotAgent

    played = Session(pong, [people[0], BotAgent("easy")], seed=3, viewer=0)
    return Show(played, window, colours(), bindings)


def post(*keys, kind=pygame.KEYDOWN):
    for key in keys:
        pygame.event.post(pygame.event.Event(kind, key=key))


def press(show, *keys):
    """Presses and releases keys, and lets the window hear of it in one frame."""
    for key in keys:
        post(key)
        post(key, kind=pygame.KEYUP)
    show.run(max_frames=1)


def test_a_second_of_time_is_a_second_of_ticks_however_it_is_cut(show, session, window):
    for _ in range(100):
        show.advance(0.01)
    assert abs(show.session.match.tick - 60) <= 1
    other = Show(session("hard", "easy", seed=3), window, colours(), {})
    for _ in range(10):
        other.advance(0.1)
    assert abs(other.session.match.tick - 60) <= 1


def test_pause_stops_time_and_p_starts_it_again(show):
    press(show, pygame.K_p)
    tick = show.session.match.tick
    show.advance(0.1)
    assert show.is_paused
    assert show.session.match.tick == tick
    press(show, pygame.K_SPACE)
    show.advance(0.1)
    assert show.session.match.tick > tick


def test_plus_and_minus_change_the_speed_of_time(show):
    press(show, pygame.K_PLUS)
    tick = show.session.match.tick
    show.advance(0.5)
    assert abs(show.session.match.tick - tick - 60) <= 1
    press(show, pygame.K_MINUS, pygame.K_MINUS)
    assert show.speed == 0.5


def test_restart_begins_another_episode(show):
    first = int(show.session.match.batch.seeds[0])
    show.advance(0.5)
    press(show, pygame.K_r)
    assert show.session.match.tick <= 10
    assert int(show.session.match.batch.seeds[0]) != first


def test_f1_shows_each_seat_in_turn_and_then_nothing(show):
    seats = []
    for _ in range(3):
        press(show, pygame.K_F1)
        sight = show.extras().sight
        seats.append(sight.seat if sight else None)
    assert seats == [0, 1, None]


def test_f2_changes_the_observation_that_is_shown(show):
    press(show, pygame.K_F1)
    kinds = []
    for _ in range(4):
        kinds.append(show.extras().sight.spec.kind)
        press(show, pygame.K_F2)
    assert kinds == ["features", "features", "planes", "pixels"]


def test_the_opponents_view_comes_first_for_a_person(person_show):
    press(person_show, pygame.K_F1)
    assert person_show.extras().sight.seat == 1


def test_escape_closes_the_window(show, window):
    press(show, pygame.K_ESCAPE)
    assert not window.is_open


def test_closing_the_window_ends_the_show(show, window):
    pygame.event.post(pygame.event.Event(pygame.WINDOWCLOSE))
    show.run()
    assert not window.is_open


def test_a_match_waits_for_a_key_of_the_person(person_show):
    person_show.advance(0.1)
    assert person_show.session.match.tick == 0
    assert person_show.extras().banner.name == "Pong"
    press(person_show, pygame.K_UP)
    person_show.advance(0.1)
    assert person_show.session.match.tick > 0


def test_a_held_key_moves_the_paddle_until_it_is_released(person_show):
    states = person_show.session.match.batch.states
    post(pygame.K_UP)
    person_show.run(max_frames=1)
    before = int(states["paddle_y"][0, 0])
    person_show.advance(0.1)
    during = int(states["paddle_y"][0, 0])
    post(pygame.K_UP, kind=pygame.KEYUP)
    person_show.run(max_frames=1)
    after = int(states["paddle_y"][0, 0])
    person_show.advance(0.1)
    assert before - during >= 5 * 192
    assert int(states["paddle_y"][0, 0]) == after


def test_keys_are_forgotten_and_the_match_pauses_when_the_window_loses_the_focus(person_show, window):
    post(pygame.K_UP)
    person_show.run(max_frames=1)
    pygame.event.post(pygame.event.Event(pygame.WINDOWFOCUSLOST))
    person_show.run(max_frames=1)
    assert person_show.is_paused
    assert window.keyboard.held() == []


def finish(show):
    while not show.session.is_over:
        show.advance(0.1)


def test_the_winners_screen_names_the_winner_and_offers_a_rematch(show):
    finish(show)
    banner = show.extras().banner
    assert banner.title == "hard wins"
    assert any("R rematch" in line for line in banner.lines)
    press(show, pygame.K_r)
    assert not show.session.is_over


def test_the_title_screen_tells_how_to_play_and_against_whom(person_show):
    screen = person_show.extras().banner
    assert screen.summary == person_show.session.game.spec.summary
    assert "served from the middle" in screen.rules
    assert screen.controls == ("You, left: up and down, or W and S", "against easy")


def test_two_people_are_told_their_own_keys(window):
    game = registry.load("tanks")
    people, bindings = seat_people(game, [0, 1], window.keyboard)
    show = Show(Session(game, [people[0], people[1]], seed=3), window, colours(), bindings)
    assert show.extras().banner.controls == (
        "First: forward W, back S, left A, right D, fire Left Shift, together for both",
        "Second: forward Up, back Down, left Left, right Right, fire Space, together for both",
    )


def test_keys_that_begin_no_match_leave_the_title_screen(person_show):
    press(person_show, pygame.K_m, pygame.K_F1)
    assert person_show.speaker.is_muted
    assert person_show.extras().sight is not None
    assert person_show.extras().banner.name == "Pong"


def test_m_turns_the_sound_off_and_on(show):
    press(show, pygame.K_m)
    assert show.speaker.is_muted
    press(show, pygame.K_m)
    assert not show.speaker.is_muted


def test_who_still_hammers_a_key_at_the_end_begins_no_rematch(person_show):
    press(person_show, pygame.K_UP)
    finish(person_show)
    press(person_show, pygame.K_UP)
    assert person_show.session.is_over
    person_show.advance(1.5)
    press(person_show, pygame.K_UP)
    assert not person_show.session.is_over


def test_matches_are_counted_from_the_second_on(show):
    finish(show)
    assert show.session.tally() == ""
    press(show, pygame.K_RETURN)
    finish(show)
    assert show.session.tally() == "matches won 2 : 0"
    assert "matches won 2 : 0" in show.extras().banner.lines


def test_s_saves_a_finished_match_under_a_free_name(show, tmp_path, monkeypatch, pong):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pong.replay").write_text("somebody's")
    finish(show)
    press(show, pygame.K_s)
    press(show, pygame.K_s)
    assert (tmp_path / "pong.replay").read_text() == "somebody's"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["pong-2.replay", "pong.replay"]
    replay = Replay.load("pong-2.replay")
    replay.verify(pong)
    assert replay.players == ("hard", "easy")


def test_a_replay_that_cannot_be_saved_is_told_and_the_match_goes_on(session, window, tmp_path):
    folder = tmp_path / "gone"
    show = Show(session("hard", "easy", seed=3), window, colours(), {}, save_to=folder / "x.replay")
    finish(show)
    banner = show.extras().banner
    assert banner is not None
    assert any("there is no folder" in line for line in banner.lines)
    with pytest.raises(UserError, match="there is no folder"):
        show.run(max_frames=1)


def test_the_window_works_at_any_size(show, window):
    for size in ((160, 120), (1500, 300), (300, 900)):
        window._window.size = size
        show.run(max_frames=1)
        assert window.surface.get_size() == size


def test_full_screen_and_back(show, window):
    size = window.surface.get_size()
    press(show, pygame.K_F11)
    assert window.surface.get_size() != size
    press(show, pygame.K_F11)
    assert window.surface.get_size() == size


def test_play_watch_and_replay_run_in_a_window(tmp_path, capsys):
    commands.play("pong", against="easy", seat="right", seed=1, max_frames=3)
    commands.play("pong", against="person", seed=1, max_frames=3)
    commands.watch("pong", ("hard", "easy"), seed=1, max_frames=3)
    commands.record("pong", ("hard", "easy"), out=tmp_path / "m.replay", seed=1)
    commands.watch(str(tmp_path / "m.replay"), max_frames=3)
    commands.play("pong", against=str(tmp_path / "m.replay"), max_frames=3)
    assert "npckit watch" in capsys.readouterr().out


def test_a_person_sees_the_field_from_the_own_seat_and_watchers_see_all(monkeypatch):
    viewers = []
    monkeypatch.setattr(commands, "run_show", lambda session, *_: viewers.append(session.viewer))
    commands.play("pong", against="easy", seat="right")
    commands.play("pong", against="person")
    commands.watch("pong")
    assert viewers == [1, SPECTATOR, SPECTATOR]


@pytest.mark.parametrize("spell", [{}, {"DISPLAY": ":987"}])
def test_without_a_display_the_sentence_offers_record(monkeypatch, spell):
    for name in ("SDL_VIDEODRIVER", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in spell.items():
        monkeypatch.setenv(name, value)
    pygame.display.quit()
    try:
        with pytest.raises(UserError, match=r"no display here; run `npckit record pong easy easy --out match.mp4`"):
            commands.play("pong", against="easy")
    finally:
        monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
        pygame.display.init()


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"against": "nobody"}, "no player 'nobody'"),
        ({"seat": "top"}, "no seat 'top'"),
        ({"seats": 3}, "played with 2 seats; got 3"),
        ({"palette": "pink"}, "no palette 'pink'"),
        ({"speed": 0.0}, "a speed is"),
        ({"speed": float("nan")}, "a speed is"),
        ({"scale": -1.0}, "a scale of -1"),
        ({"scale": float("nan")}, "a scale of nan"),
        ({"seed": -1}, "a seed is"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_wrong_flag_is_one_sentence(wrong, sentence):
    with pytest.raises(UserError, match=sentence):
        commands.play("pong", **wrong)


def test_a_screen_opens_at_the_first_picture_and_leaves_pygame_running(pong, session):
    watched = session("hard", "easy")
    screen = Screen(pong, "pong")
    screen.show(watched.now)
    screen.show(watched.now, "1 : 0")
    screen.close()
    screen.close()
    assert pygame.display.get_init()


def test_a_screen_that_somebody_closed_stays_closed_and_the_program_goes_on(pong, session):
    watched = session("hard", "easy")
    screen = Screen(pong, "pong")
    screen.show(watched.now)
    pygame.event.post(pygame.event.Event(pygame.QUIT))
    screen.show(watched.now)
    screen.show(watched.now)
    assert screen._window is None
