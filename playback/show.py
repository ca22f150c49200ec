"""A session in a window: time, the control keys, and what is written around the field."""

from __future__ import annotations

from pathlib import Path

from ..errors import UserError
from ..games.replay import SUFFIX
from .keyboard import Bindings
from .palette import Palette
from .pg import pygame
from .session import Session
from .sight import Sight
from .stage import Banner, Extras, Stage
from .window import Window

SPEEDS = (0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
VIEWS = ("", "features", "planes", "pixels")  # of F2; the first is what the agent itself sees
LONGEST_FRAME = 0.1  # seconds: after a hitch the match goes on, it does not race
INTRO_SECONDS = 3.0
HELP = "P pause   R restart   + - speed   F1 what it sees   F11 full screen   Esc quit"
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
    ) -> None:
        self.session, self.window, self.stage = session, window, Stage(session, palette)
        self.speed, self.is_paused, self.saved = speed, False, list[Path]()
        self._bindings, self._save_to, self._failure = bindings, save_to, ""
        self._game_keys = {key for each in bindings.values() for key in each.keys}
        self._saved_match = -1
        self._due = 0.0  # ticks that time has earned and the match has not played
        self._intro = INTRO_SECONDS if session.people() else 0.0
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
                self.advance(min(clock.tick(rate) / 1000, LONGEST_FRAME))
                self.stage.draw(self.window.surface, 1.0 if self.session.is_over else self._due, self.extras())
                self.window.flip()
            frames += 1
        if self._save_to and self.session.match.tick and not self.saved:
            self.save(self._save_to)
        if self._failure and self._save_to:
            raise UserError(self._failure)

    def advance(self, seconds: float) -> None:
        """Plays the ticks that are due after so many seconds."""
        if self._intro > 0:
            self._intro -= seconds
            return
        if self.is_paused or self.session.is_over:
            return
        self._due += seconds * self.session.game.spec.tick_rate * self.speed
        while self._due >= 1.0 and not self.session.is_over:
            self.session.tick()
            self.window.keyboard.end_tick()
            self._due -= 1.0
        if self.session.is_over and self._save_to:
            self.save(self._save_to)

    # --- keys -----------------------------------------------------------------------------------------------------------

    def _hear(self, event: pygame.event.Event) -> None:
        if event.type == pygame.WINDOWFOCUSLOST and self.session.people() and not self.session.is_over:
            self.is_paused = True
        if event.type == pygame.KEYDOWN:
            self._intro = 0.0
            self._press(event.key)

    def _press(self, key: int) -> None:
        over = self.session.is_over
        if key == pygame.K_ESCAPE:
            self.window.is_open = False
        elif key == pygame.K_s and over:
            self.save(Path(f"{self.session.game.name}{SUFFIX}"))
        elif key in self._game_keys and not over:
            self.is_paused = False
        elif key in (pygame.K_p, pygame.K_SPACE, pygame.K_PAUSE) and not over:
            self.is_paused = not self.is_paused
        elif key == pygame.K_r:
            self._restart()
        elif key in _PLUS or key in _MINUS:
            self._change_speed(1 if key in _PLUS else -1)
        elif key == pygame.K_F1:
            self._seat_seen = self._next_seat()
        elif key == pygame.K_F2:
            self._view = (self._view + 1) % len(VIEWS)
        elif key == pygame.K_F11:
            self.window.toggle_full()

    def _restart(self) -> None:
        self.session.restart()
        self._due, self.is_paused, self._failure = 0.0, False, ""

    def _change_speed(self, step: int) -> None:
        nearest = min(range(len(SPEEDS)), key=lambda i: abs(SPEEDS[i] - self.speed))
        self.speed = SPEEDS[max(0, min(nearest + step, len(SPEEDS) - 1))]

    def _next_seat(self) -> int:
        """F1 goes through the agents' seats, then the people's, then off."""
        people = self.session.people()
        order = [seat for seat in range(self.session.seats) if seat not in people] + people + [-1]
        return order[(order.index(self._seat_seen) + 1) % len(order)]

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

    def _banner(self) -> Banner | None:
        if self._intro > 0:
            return Banner(self.session.game.name.capitalize(), (*self._how_to_play(), "any key to begin"))
        if self.session.is_over:
            scores = " : ".join(f"{self.session.score(seat):g}" for seat in range(self.session.seats))
            note = self._failure or (f"saved as {self.saved[-1]}" if self._is_saved else "")
            keys = (
                "R rematch   Esc quit"
                if self._is_saved or self.session.recorded
                else "R rematch   S save replay   Esc quit"
            )
            return Banner(self.session.verdict(), tuple(line for line in (scores, keys, note) if line))
        return Banner("Paused", ("P to go on",)) if self.is_paused else None

    def _how_to_play(self) -> list[str]:
        spec, names = self.session.game.spec, self.session.names
        return [
            f"{names[seat]}, {self.session.seat_name(seat)}: {self._bindings[seat].describe(spec.actions_of(spec.roles[seat]))}"
            for seat in self.session.people()
        ]


def free_name(path: Path) -> Path:
    """The path, or the first of stem-2, stem-3 and so on that does not exist: a replay overwrites nothing."""
    candidates = (path.with_name(f"{path.stem}-{number}{path.suffix}") for number in range(2, 10**6))
    return path if not path.exists() else next(each for each in candidates if not each.exists())
