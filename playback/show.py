"""A session in a window: time, the control keys, and what is written around the field."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from ..errors import UserError
from ..games.replay import SUFFIX
from ..games.title_card import TitleCard, title_card
from .banner import Banner, TitleScreen
from .gamepad import Gamepads
from .keyboard import Bindings
from .palette import Palette
from .pg import pygame
from .session import Session
from .sight import Sight
from .speaker import Speaker
from .stage import Extras, Stage
from .window import Window

SPEEDS = (0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
VIEWS = ("", "features", "planes", "pixels")  # of F2; the first is what the agent itself sees
LONGEST_FRAME = 0.1  # seconds: after a hitch the match goes on, it does not race
HELP = "P pause   R restart   M sound   + - speed   F1 what it sees   F11 full screen   Esc quit"
TAKE_BREATH = 1.0  # seconds after the end in which the keys of the game begin no rematch
_PAUSE = (pygame.K_p, pygame.K_SPACE, pygame.K_PAUSE)
_PLUS = (pygame.K_PLUS, pygame.K_EQUALS, pygame.K_KP_PLUS)
_MINUS = (pygame.K_MINUS, pygame.K_KP_MINUS)


class Show:
    """Runs a session in a window until it is closed. The match keeps the title's own time, whatever the display's rate."""

    def __init__(
        self,
        session: Session,
        window: Window,
        palette: Palette,
        bindings: dict[int, Bindings],
        *,
        speed: float = 1.0,
        save_to: Path | None = None,
        is_muted: bool = False,
        effects: bool = True,
    ) -> None:
        self.session, self.window = session, window
        self.stage = Stage(session, palette, effects=effects)
        self.speaker = Speaker(session.game.spec, is_muted=is_muted)
        self.speed, self.is_paused, self.saved = speed, False, list[Path]()
        self._bindings, self._save_to, self._failure = bindings, save_to, ""
        self._game_keys = {key for each in bindings.values() for key in each.keys}
        self._saved_match = -1
        commands = self._commands().items()
        self._always = {key: command for key, command in commands if key not in self._game_keys}
        self._since_end = 0.0  # seconds
        self._due = 0.0  # ticks that time has earned and the match has not played
        self._pads = Gamepads(window.keyboard, [bindings[seat].pad for seat in sorted(bindings)])
        self._at_title = bool(session.people())
        self._seat_seen, self._view = -1, 0
        for seat in range(session.seats):
            session.follow(seat)

    def run(self, max_frames: int = 0) -> None:
        """Until the window is closed, or for so many frames. UserError, at the end: a replay that was asked for is not saved."""
        clock, rate = pygame.time.Clock(), max(60, min(pygame.display.get_desktop_refresh_rates()[0], 144))
        frames = 0
        while self.window.is_open and (not max_frames or frames < max_frames):
            for event in self.window.poll():
                self._hear(event)
            if self.window.is_open:
                seconds = min(clock.tick(rate) / 1000, LONGEST_FRAME)
                self.advance(seconds)
                self.stage.pass_time(0.0 if self.is_paused else seconds)
                self.stage.draw(self.window.surface, 1.0 if self.session.is_over else self._due, self.extras())
                self.window.flip()
            frames += 1
        if self._save_to and self.session.match.tick and not self.saved:
            self.save(self._save_to)
        if self._failure and self._save_to:
            raise UserError(self._failure)

    def advance(self, seconds: float) -> None:
        """Plays the ticks that are due after so many seconds."""
        if self.session.is_over:
            self._since_end += seconds
        if self._at_title or self.is_paused or self.session.is_over:
            return
        self._due += seconds * self.session.game.spec.tick_rate * self.speed
        while self._due >= 1.0 and not self.session.is_over:
            self.session.tick()
            self.speaker.hear(self.session.events, self.stage.look())
            self.window.keyboard.end_tick()
            self._due -= 1.0
        if self.session.is_over and self._save_to:
            self.save(self._save_to)

    # --- keys -----------------------------------------------------------------------------------------------------------

    def _hear(self, event: pygame.event.Event) -> None:
        if event.type == pygame.WINDOWFOCUSLOST and self.session.people() and not self.session.is_over:
            self.is_paused = True
        pressed = event.key if event.type == pygame.KEYDOWN else self._pads.hear(event)
        if pressed is not None:
            self._press(pressed)

    def _press(self, key: int) -> None:
        """Keys that always mean the same come first, then those of the moment: at the title, in play, at the end."""
        if key in self._always:
            self._always[key]()
        elif self._at_title:
            self._at_title = False
        elif self.session.is_over:
            self._press_at_end(key)
        elif key in self._game_keys:
            self.is_paused = False
        elif key in _PAUSE:
            self.is_paused = not self.is_paused

    def _press_at_end(self, key: int) -> None:
        """Who still hammers a key of the game does not begin anew by mistake."""
        if key == pygame.K_s:
            self.save(Path(f"{self.session.game.name}{SUFFIX}"))
        elif key == pygame.K_RETURN or (key in self._game_keys and self._since_end > TAKE_BREATH):
            self._restart()

    def _commands(self) -> dict[int, Callable[[], None]]:
        faster = dict.fromkeys(_PLUS, partial(self._change_speed, 1))
        slower = dict.fromkeys(_MINUS, partial(self._change_speed, -1))
        return {
            pygame.K_ESCAPE: self._quit,
            pygame.K_m: self.speaker.toggle,
            pygame.K_r: self._restart,
            pygame.K_F1: self._show_next_seat,
            pygame.K_F2: self._show_next_view,
            pygame.K_F11: self.window.toggle_full,
            **faster,
            **slower,
        }

    def _quit(self) -> None:
        self.window.is_open = False

    def _restart(self) -> None:
        self.session.restart()
        self._due, self._since_end, self._at_title, self.is_paused, self._failure = 0.0, 0.0, False, False, ""

    def _change_speed(self, step: int) -> None:
        nearest = min(range(len(SPEEDS)), key=lambda i: abs(SPEEDS[i] - self.speed))
        self.speed = SPEEDS[max(0, min(nearest + step, len(SPEEDS) - 1))]

    def _show_next_seat(self) -> None:
        """F1 goes through the agents' seats, then the people's, then off."""
        people = self.session.people()
        order = [seat for seat in range(self.session.seats) if seat not in people] + people + [-1]
        self._seat_seen = order[(order.index(self._seat_seen) + 1) % len(order)]

    def _show_next_view(self) -> None:
        self._view = (self._view + 1) % len(VIEWS)

    # --- replays --------------------------------------------------------------------------------------------------------

    @property
    def _is_saved(self) -> bool:
        return self._saved_match == self.session.played

    def save(self, path: Path) -> None:
        """Saves this match once, under a name that is free; what fails is said on the screen."""
        if self._is_saved:
            return
        try:
            self.saved.append(self.session.replay().save(free_name(path)))
            self._saved_match, self._failure = self.session.played, ""
        except UserError as error:
            self._failure = str(error)

    # --- what is written ------------------------------------------------------------------------------------------------

    def extras(self) -> Extras:
        """What this frame shows besides the match."""
        speed = f"{self.speed:g}x" if self.speed != 1.0 else ""
        status = "paused" if self.is_paused else speed
        return Extras(self._banner(), self._sight(), status, HELP + ("   F2 view" if self._seat_seen >= 0 else ""))

    def _sight(self) -> Sight | None:
        return self.session.follow(self._seat_seen, VIEWS[self._view]) if self._seat_seen >= 0 else None

    def _banner(self) -> Banner | TitleScreen | None:
        if self._at_title:
            return self._title()
        if self.session.is_over:
            return self._end()
        return Banner("Paused", ("P to go on",)) if self.is_paused else None

    def _title(self) -> TitleScreen:
        spec, card, people = self.session.game.spec, title_card(self.session.game), self.session.people()
        others = [agent.name for seat, agent in enumerate(self.session.match.agents) if seat not in people]
        keys = [f"{who}: {self._keys(seat, card)}" for seat, who in zip(people, self._called(people), strict=True)]
        controls = (*keys, *([f"against {', '.join(dict.fromkeys(others))}"] if others else []))
        colour = self.stage.seat_colour(people[0])
        return TitleScreen(
            spec.name.capitalize(), spec.summary, card.rules, controls, "press any key or button", colour
        )

    def _called(self, people: list[int]) -> list[str]:
        """What people are called on the title screen: by their seat where there are several."""
        if len(people) > 1:
            return [self.session.seat_name(seat).capitalize() for seat in people]
        return [f"You, {self.session.seat_name(seat)}" if self.session.seats > 1 else "You" for seat in people]

    def _keys(self, seat: int, card: TitleCard) -> str:
        """The card's words where one person has the whole keyboard; else the keys of every action."""
        if "keys" in card.facts and len(self.session.people()) == 1:
            return card.facts["keys"]
        spec = self.session.game.spec
        return self._bindings[seat].describe(spec.actions_of(spec.roles[seat]))

    def _end(self) -> Banner:
        """The winner's screen."""
        session = self.session
        scores = " : ".join(f"{session.score(seat):g}" for seat in range(session.seats))
        note = self._failure or (f"saved as {self.saved[-1]}" if self._is_saved else "")
        keys = "R rematch   Esc quit" if self._is_saved or session.recorded else "R rematch   S save replay   Esc quit"
        winner = session.winner()
        colour = self.stage.seat_colour(winner) if winner is not None else None
        strengths = session.between.note if session.between else ""
        lines = tuple(line for line in (scores, session.tally(), strengths, keys, note) if line)
        return Banner(session.verdict(), lines, colour)


def free_name(path: Path) -> Path:
    """The path, or the first of stem-2, stem-3 and so on that does not exist: a replay overwrites nothing."""
    candidates = (path.with_name(f"{path.stem}-{number}{path.suffix}") for number in range(2, 10**6))
    return path if not path.exists() else next(each for each in candidates if not each.exists())
