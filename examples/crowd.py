"""A crowd: 200 NPCs of one policy in one window, at 60 frames a second, with a meter. python examples/crowd.py

Every penguin of Thin Ice (examples/own_game) plays against whoever is nearest, on a floe that melts and freezes again; who falls in climbs
out elsewhere. One `Npc` decides for all of them, and never for all at once: in each frame only those whose turn it is see and decide,
the others go on with what they do.
"""

import argparse
import math
import random
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pygame
from npckit.agents.npc import Npc
from numpy.typing import NDArray
from pygame import Vector2

OWN_GAME = Path(__file__).parent / "own_game"
sys.path.insert(0, str(OWN_GAME))  # whose modules import each other as scripts do

from picture import SCARVES, Sea, Spray, penguin_pictures, picture_of  # noqa: E402
from senses import ORDERS, observe  # noqa: E402
from thin_ice import STEP, Penguin, bump  # noqa: E402

SIZE, SCALE = (1280, 860), 0.5  # pixels of the window for one of the game's
MIDDLE = Vector2(SIZE) / 2
WIDEST, NARROWEST, SEASON = 390 / SCALE, 230 / SCALE, 20  # radii of the floe; seconds from melting to melting
COLOURS = (*SCARVES, (255, 196, 64), (88, 206, 132), (196, 120, 255))


class Crowd:
    """`penguins` on a floe, and `held`, what each is doing."""

    def __init__(self, count: int, npc: Npc, seed: int) -> None:
        self.npc, self.rng, self.frame, self.falls = npc, random.Random(seed), 0, 0
        self.penguins = [
            Penguin(self.somewhere(), Vector2(1, 0).rotate(self.rng.uniform(0, 360))) for _ in range(count)
        ]
        self.held = np.zeros(count, np.int64)
        self.spray = Spray(SCALE)

    @property
    def radius(self) -> float:
        """Of the floe, now."""
        summer = (1 - math.cos(self.frame * STEP * math.tau / SEASON)) / 2
        return WIDEST + (NARROWEST - WIDEST) * summer

    def somewhere(self) -> Vector2:
        return Vector2(0.95 * self.radius * self.rng.random() ** 0.5, 0).rotate(self.rng.uniform(0, 360))

    def decide(self, nearest: NDArray[np.intp]) -> None:
        """Those whose turn it is look at whoever is nearest to them, and decide in one call."""

        def observe_many(those: list[int]) -> NDArray[np.float32]:
            return np.stack([observe(self.penguins[i], self.penguins[nearest[i]], self.radius) for i in those])

        self.held = self.npc.tick_many(range(len(self.penguins)), observe_many)

    def distances(self) -> NDArray[np.float64]:
        """(n, n) squared, and infinite from each to itself."""
        places = np.array([(penguin.place.x, penguin.place.y) for penguin in self.penguins])
        apart = ((places[:, None] - places[None]) ** 2).sum(axis=2)
        np.fill_diagonal(apart, np.inf)
        return apart

    def move(self, apart: NDArray[np.float64]) -> None:
        for penguin, action in zip(self.penguins, self.held, strict=True):
            penguin.update(*ORDERS[int(action)])
            if penguin.sliding > 0 and self.frame % 3 == 0:
                self.spray.burst(penguin.place * SCALE, 1, 30)
        for one, other in np.argwhere(np.triu(apart < (2 * Penguin.RADIUS) ** 2)):
            bump(self.penguins[one], self.penguins[other])
        for i, penguin in enumerate(self.penguins):
            if penguin.place.length() > self.radius:
                self.climb_out(i)
        self.frame += 1

    def climb_out(self, i: int) -> None:
        """In with a splash, and out again somewhere else: another life, so the policy forgets the last one."""
        self.falls += 1
        self.spray.splash(self.penguins[i].place * SCALE)
        place = self.somewhere()
        self.penguins[i] = Penguin(place, -place.normalize())
        self.npc.forget([i])


class Meter:
    """Milliseconds of every frame, for decisions and for everything but the wait for the next."""

    def __init__(self) -> None:
        self.decisions, self.work, self.began = [0.0], [0.0], time.perf_counter()

    def lines(self, fps: float, count: int) -> list[str]:
        lines = [f"{count} NPCs at {fps:.0f} frames a second"]
        for name, times in (("decisions", self.decisions[1:]), ("whole frame", self.work[1:])):
            recent = times[-600:] or [0.0]
            lines.append(f"{name}: {np.mean(recent):.2f} ms a frame, 95% within {np.percentile(recent, 95):.2f} ms")
        return lines

    def draw(self, target: pygame.Surface, font: pygame.font.Font, lines: list[str]) -> None:
        for row, line in enumerate(lines):
            target.blit(font.render(line, True, (250, 252, 255)), (18, 16 + 24 * row))
        for times, colour in ((self.work, (110, 180, 230)), (self.decisions, SCARVES[1])):
            curve = [(18 + x, 190 - 3 * min(ms, 30)) for x, ms in enumerate(times[-200:])]
            pygame.draw.lines(target, colour, False, [(18, 190), *curve])
        pygame.draw.line(target, (250, 252, 255), (18, 140), (218, 140))  # a sixtieth of a second
        target.blit(font.render("1/60 s", True, (250, 252, 255)), (226, 131))


def draw(target: pygame.Surface, sea: Sea, crowd: Crowd, pictures: list[dict[bool, list[pygame.Surface]]]) -> None:
    sea.draw(target, MIDDLE, crowd.radius * SCALE, crowd.frame * STEP)
    crowd.spray.draw(target, MIDDLE, STEP)
    blits = []
    for i, penguin in enumerate(crowd.penguins):
        image = picture_of(pictures[i % len(pictures)], penguin)
        blits.append((image, image.get_rect(center=MIDDLE + penguin.place * SCALE)))
    target.fblits(blits)


def play(options: argparse.Namespace) -> None:
    pygame.init()
    screen, clock, font = pygame.display.set_mode(SIZE), pygame.time.Clock(), pygame.font.Font(None, 26)
    pygame.display.set_caption("A crowd of NPCs")
    crowd, meter = Crowd(options.count, Npc.load(OWN_GAME / "rival.onnx"), options.seed), Meter()
    sea, pictures = Sea(SIZE, WIDEST * SCALE), [penguin_pictures(colour, SCALE) for colour in COLOURS]
    lines: list[str] = []
    while crowd.frame != options.frames:
        if any(
            e.type == pygame.QUIT or (e.type == pygame.KEYDOWN and e.key == pygame.K_ESCAPE) for e in pygame.event.get()
        ):
            break
        began = time.perf_counter()
        apart = crowd.distances()
        nearest, looked = apart.argmin(axis=1), time.perf_counter()
        crowd.decide(nearest)
        meter.decisions.append(1000 * (time.perf_counter() - looked))
        crowd.move(apart)
        draw(screen, sea, crowd, pictures)
        if crowd.frame % 30 == 1:
            lines = meter.lines(clock.get_fps(), len(crowd.penguins))
        meter.draw(screen, font, lines)
        pygame.display.flip()
        meter.work.append(1000 * (time.perf_counter() - began))
        clock.tick(60)
    print(*meter.lines(crowd.frame / (time.perf_counter() - meter.began), len(crowd.penguins)), sep="\n")
    print(f"{crowd.falls} fell in")
    if options.picture:
        pygame.image.save(screen, options.picture)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--count", type=int, default=200, help="how many NPCs")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--frames", type=int, default=-1, help="end after so many")
    parser.add_argument("--picture", type=Path, help="where to save the last frame")
    options = parser.parse_args(arguments)
    play(options)
    pygame.quit()


if __name__ == "__main__":
    main()
