"""Thin Ice, played: python game.py. Arrows push, space slides; three rounds win.

--friend   two at one keyboard: the other has W, A, S, D and the left shift
--easy     the rival is slow, looks away now and then, and errs in what it sees
--demo     a scripted player takes your place
"""

import argparse
import random
from collections.abc import Sequence
from pathlib import Path

import pygame
from bots import charger
from npckit.agents.handicap import Handicap
from npckit.agents.npc import Npc
from picture import SIZE, Picture
from pygame import Vector2
from senses import DECISION_STEPS, ORDERS, observe
from thin_ice import ROUNDS_TO_WIN, STEP, Round

HERE = Path(__file__).parent
KEYS = (
    (pygame.K_RIGHT, pygame.K_LEFT, pygame.K_DOWN, pygame.K_UP, pygame.K_SPACE),
    (pygame.K_d, pygame.K_a, pygame.K_s, pygame.K_w, pygame.K_LSHIFT),
)
EASY = Handicap(delay=12, aim_error=0.06, inattention=0.15)
PAUSE = 1.8  # seconds between two rounds
Order = tuple[Vector2, bool]


class Person:
    """Whoever holds one of the two sets of keys."""

    def __init__(self, keys: tuple[int, ...]) -> None:
        self.keys = keys

    def reset(self) -> None:
        """A round begins."""

    def order(self, match: Round, seat: int) -> Order:
        held = pygame.key.get_pressed()
        right, left, down, up, slide = (held[key] for key in self.keys)
        push = Vector2(right - left, down - up)
        return (push.normalize() if push else push), bool(slide)


class Rival:
    """The trained one: these few lines are all that npckit asks of the game."""

    def __init__(self, handicap: Handicap) -> None:
        self.npc = Npc.load(HERE / "rival.onnx", handicap=handicap)

    def reset(self) -> None:
        self.npc.reset()

    def order(self, match: Round, seat: int) -> Order:
        own, other = match.penguins[seat], match.penguins[1 - seat]
        return ORDERS[self.npc.tick(lambda: observe(own, other, match.radius))]


class Script:
    """A scripted player, for the demo."""

    def __init__(self) -> None:
        self.act, self.steps, self.held = charger(random.Random(0)), 0, 0

    def reset(self) -> None:
        self.steps = 0

    def order(self, match: Round, seat: int) -> Order:
        if self.steps % DECISION_STEPS == 0:
            self.held = self.act(observe(match.penguins[seat], match.penguins[1 - seat], match.radius))
        self.steps += 1
        return ORDERS[self.held]


Player = Person | Rival | Script


class Game:
    """Rounds until someone has won enough of them, and the pauses in between."""

    def __init__(self, players: tuple[Player, Player], seed: int) -> None:
        self.players, self.rng, self.wins = players, random.Random(seed), [0, 0]
        self.begin_round()

    def begin_round(self) -> None:
        if max(self.wins) == ROUNDS_TO_WIN:
            self.wins = [0, 0]
        self.match, self.pause, self.decided = Round(self.rng), 0.0, False
        for player in self.players:
            player.reset()

    def update(self, picture: Picture) -> None:
        """One step of the round, or of the pause after it."""
        if self.match.loser is None:
            first, second = self.players
            self.match.update((first.order(self.match, 0), second.order(self.match, 1)))
            return
        if not self.decided:
            self.decided = True
            if self.match.loser < 2:
                self.wins[1 - self.match.loser] += 1
            for penguin in self.match.penguins:
                if self.match.has_fallen(penguin):
                    picture.spray.splash(penguin.place)
        self.match.hit = 0.0
        for penguin in self.match.penguins:
            penguin.speed *= 0.95
            penguin.place += penguin.speed * STEP
        self.pause += STEP
        if self.pause > PAUSE and max(self.wins) < ROUNDS_TO_WIN:
            self.begin_round()

    def banner(self, names: tuple[str, str]) -> tuple[str, str]:
        """What is written across the sea, large and small."""
        if not self.decided:
            is_first = not any(self.wins) and self.match.time < 2.5
            return ("Thin Ice", "Arrows push, space slides") if is_first else ("", "")
        if self.match.loser == 2:
            return "Both are wet", ""
        winner = names[1 - (self.match.loser or 0)]
        if max(self.wins) == ROUNDS_TO_WIN:
            return f"{winner} won the match", "Enter: once more"
        return f"{winner} took the round", ""


def play(options: argparse.Namespace) -> Game:
    pygame.init()
    screen = pygame.display.set_mode(SIZE)
    pygame.display.set_caption("Thin Ice")
    left: Player = Script() if options.demo else Person(KEYS[0])
    right: Player = Person(KEYS[1]) if options.friend else Rival(EASY if options.easy else Handicap())
    names = "The script" if options.demo else "You", "Your friend" if options.friend else "The rival"
    game, picture, clock = Game((left, right), options.seed), Picture(names), pygame.time.Clock()
    frame = 0
    while frame != options.frames:
        for event in pygame.event.get():
            escape = event.type == pygame.KEYDOWN and event.key == pygame.K_ESCAPE
            if event.type == pygame.QUIT or escape:
                return game
            if event.type == pygame.KEYDOWN and event.key == pygame.K_RETURN and game.decided:
                game.begin_round()
        game.update(picture)
        picture.draw(screen, game.match, game.wins, STEP, *game.banner(names))
        pygame.display.flip()
        clock.tick(0 if options.frames > 0 else 60)
        frame += 1
    if options.picture:
        pygame.image.save(screen, options.picture)
    return game


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for flag in ("--friend", "--easy", "--demo"):
        parser.add_argument(flag, action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--seed", type=int, default=0, help="equal seeds give equal floes")
    parser.add_argument("--frames", type=int, default=-1, help="end after so many, as fast as they come")
    parser.add_argument("--picture", type=Path, help="where to save the last frame")
    options = parser.parse_args(arguments)
    game = play(options)
    print(f"rounds won: {game.wins[0]} and {game.wins[1]}")
    pygame.quit()


if __name__ == "__main__":
    main()
