"""How Thin Ice looks: the sea, the floe, penguins made of a few ellipses, spray and splashes. No image files."""

import math
import random

import pygame
from pygame import Surface, Vector2
from thin_ice import FLOE_RADIUS, Penguin, Round

SIZE = 960, 800
MIDDLE = Vector2(480, 430)
SCARVES = (64, 156, 255), (255, 92, 84)
SEA_TOP, SEA_LOW, WAVE, FOAM = (16, 60, 104), (6, 26, 56), (40, 96, 144), (150, 205, 232)
SNOW, SNOW_EDGE, ICE, ICE_DEEP = (238, 246, 252), (208, 228, 243), (126, 184, 216), (44, 112, 158)
INK, WHITE, BEAK = (30, 38, 56), (250, 252, 255), (255, 168, 64)
TURNS, FINE = 64, 4  # pictures of a penguin for a full turn; they are drawn so many times too large, then shrunk


def penguin_pictures(scarf: tuple[int, int, int], size: float = 1.0) -> dict[bool, list[Surface]]:
    """By whether it slides: one picture for each of `TURNS` directions, the first facing right."""
    drawn = {slides: _penguin(scarf, slides) for slides in (False, True)}
    return {
        slides: [
            pygame.transform.rotozoom(each, -360 * turn / TURNS, size / FINE).convert_alpha() for turn in range(TURNS)
        ]
        for slides, each in drawn.items()
    }


def picture_of(pictures: dict[bool, list[Surface]], penguin: Penguin) -> Surface:
    turn = round(math.atan2(penguin.facing.y, penguin.facing.x) / math.tau * TURNS) % TURNS
    return pictures[penguin.sliding > 0][turn]


def _penguin(scarf: tuple[int, int, int], slides: bool) -> Surface:
    """From above, facing right, on a square of 72 pixels times FINE."""
    canvas = Surface((72 * FINE, 72 * FINE), pygame.SRCALPHA)

    def blob(colour: tuple[int, int, int], x: float, y: float, half_w: float, half_h: float) -> None:
        box = pygame.Rect(0, 0, round(2 * half_w * FINE), round(2 * half_h * FINE))
        box.center = round((36 + x) * FINE), round((36 + y) * FINE)
        pygame.draw.ellipse(canvas, colour, box)

    for side in (-1, 1):
        blob(BEAK, -24 if slides else 14, (10 if slides else 16) * side, 8, 5)  # feet
        blob(
            INK, -10 if slides else -3, (24 if slides else 27) * side, 13 if slides else 9, 6 if slides else 8
        )  # flippers
    blob(INK, -4 if slides else -1, 0, 31 if slides else 24, 24 if slides else 26)
    blob((52, 64, 90), -10, -5, 12, 11)  # light on its back
    blob(WHITE, 14, 0, 11, 17)
    blob(scarf, 4, 0, 17, 18)
    blob(scarf, -13, 11, 11, 5)  # its loose end
    blob(INK, 9, 0, 14, 14)
    for side in (-1, 1):
        blob(WHITE, 15, 7 * side, 6, 5)
        blob(INK, 17, 6 * side, 2.2, 2.2)
    beak = [(36 + x, 36 + y) for x, y in ((19, -5), (33, 0), (19, 5))]
    pygame.draw.polygon(canvas, BEAK, [(x * FINE, y * FINE) for x, y in beak])
    return canvas


class Sea:
    """Water with waves that drift, and a floe of any radius on it."""

    def __init__(self, size: tuple[int, int], floe: float = FLOE_RADIUS) -> None:
        self._rng = random.Random(1)
        gradient = Surface((1, 2))
        gradient.set_at((0, 0), SEA_TOP)
        gradient.set_at((0, 1), SEA_LOW)
        self._water = pygame.transform.smoothscale(gradient, size).convert()
        self._background, self._drawn = self._water.copy(), -1
        self._waves = [
            (self._rng.uniform(0, size[0]), self._rng.uniform(0, size[1]), self._rng.uniform(9, 26)) for _ in range(90)
        ]
        self._edge = [self._rng.uniform(-0.008, 0.008) for _ in range(60)]
        count = round(70 * (floe / FLOE_RADIUS) ** 2)
        self._marks = [self._mark(floe) for _ in range(count)]

    def _mark(self, floe: float) -> tuple[Vector2, Vector2]:
        place = Vector2(floe * math.sqrt(self._rng.random()), 0).rotate(self._rng.uniform(0, 360))
        return place, place + Vector2(self._rng.uniform(4, 16), 0).rotate(self._rng.uniform(0, 360))

    def draw(self, target: Surface, middle: Vector2, radius: float, time: float) -> None:
        if self._drawn != int(radius):  # large shapes are dear: they are kept until the floe is a pixel smaller
            self._drawn = int(radius)
            self._draw_floe(middle, radius)
        target.blit(self._background, (0, 0))
        width = target.get_width()
        for x, y, length in self._waves:
            at = Vector2((x + time * length) % (width + 60) - 30, y + 4 * math.sin(time + x))
            if at.distance_to(middle) > radius + 40:
                box = pygame.Rect(0, 0, 2 * length, length / 2)
                box.center = round(at.x), round(at.y)
                pygame.draw.arc(target, WAVE, box, 0.4, math.pi - 0.4, 2)

    def _draw_floe(self, middle: Vector2, radius: float) -> None:
        self._background.blit(self._water, (0, 0))
        if radius < 10:
            return
        self._sheet((22, 84, 128), middle + Vector2(0, 22), radius + 14)
        self._sheet(ICE_DEEP, middle + Vector2(0, 15), radius + 3)
        self._sheet(ICE, middle + Vector2(0, 8), radius + 1)
        self._sheet(SNOW_EDGE, middle, radius)
        self._sheet(SNOW, middle - Vector2(0, 2), radius - 9)
        for start, end in self._marks:
            if start.length() < radius - 20:
                pygame.draw.aaline(self._background, SNOW_EDGE, middle + start, middle + end)

    def _sheet(self, colour: tuple[int, int, int], middle: Vector2, radius: float) -> None:
        corners = len(self._edge)
        points = [middle + Vector2(radius * (1 + self._edge[i]), 0).rotate(360 * i / corners) for i in range(corners)]
        pygame.draw.polygon(self._background, colour, points)
        pygame.draw.aalines(self._background, colour, True, points)


class Spray:
    """Bits of snow and water: places, speeds, ages. They fade within a second."""

    def __init__(self, size: float = 1.0) -> None:
        self._size = size
        self._bits: list[tuple[Vector2, Vector2, float, tuple[int, int, int]]] = []
        self._rings: list[tuple[Vector2, float]] = []
        self._rng = random.Random(2)

    def burst(self, place: Vector2, count: int, speed: float, colour: tuple[int, int, int] = ICE) -> None:
        for _ in range(count):
            way = Vector2(speed * self._rng.random(), 0).rotate(self._rng.uniform(0, 360))
            self._bits.append((Vector2(place), way, 0.0, colour))

    def splash(self, place: Vector2) -> None:
        self.burst(place, 60, 220 * self._size, FOAM)
        self._rings += [(Vector2(place), -0.18 * number) for number in range(3)]

    def draw(self, target: Surface, middle: Vector2, step: float) -> None:
        self._bits = [(p + v * step, v * 0.95, age + step, c) for p, v, age, c in self._bits if age < 0.7]
        self._rings = [(place, age + step) for place, age in self._rings if age < 1.1]
        for place, _, age, colour in self._bits:
            pygame.draw.circle(target, colour, middle + place, max(1.0, 4 * (1 - age / 0.7)))
        for place, age in self._rings:
            if age > 0:
                pygame.draw.circle(
                    target, FOAM, middle + place, self._size * (20 + 70 * age), max(1, round(5 * (1.1 - age)))
                )


class Picture:
    """The whole window of a match."""

    def __init__(self, names: tuple[str, str]) -> None:
        self.sea, self.spray, self.time = Sea(SIZE), Spray(), 0.0
        self._names, self._pictures = names, [penguin_pictures(scarf) for scarf in SCARVES]
        self._shadow = _shadow()
        self._fonts = {size: pygame.font.Font(None, size) for size in (40, 72)}

    def draw(
        self, target: Surface, match: Round, wins: list[int], step: float, banner: str = "", hint: str = ""
    ) -> None:
        self.time += step
        self.sea.draw(target, MIDDLE, match.radius, self.time)
        self._spray_of(match)
        self.spray.draw(target, MIDDLE, step)
        swimming = [match.has_fallen(penguin) for penguin in match.penguins]
        for penguin, swims in zip(match.penguins, swimming, strict=True):
            if not swims:
                target.blit(self._shadow, self._shadow.get_rect(center=MIDDLE + penguin.place + (5, 7)))
        for penguin, pictures, swims in zip(match.penguins, self._pictures, swimming, strict=True):
            image = picture_of(pictures, penguin)
            if swims:
                image = pygame.transform.rotozoom(image, 0, 0.7 + 0.05 * math.sin(5 * self.time))
                image.set_alpha(200)
            penguin.image, penguin.rect = image, image.get_rect(center=MIDDLE + penguin.place)
        pygame.sprite.Group(*match.penguins).draw(target)
        self._draw_wins(target, wins)
        if banner:
            self._text(target, banner, 72, (SIZE[0] // 2, 72))
            self._text(target, hint, 40, (SIZE[0] // 2, 118))

    def _spray_of(self, match: Round) -> None:
        if match.hit > 150:
            between = (match.penguins[0].place + match.penguins[1].place) / 2
            self.spray.burst(between, round(match.hit / 25), match.hit / 2)
        for penguin in match.penguins:
            if penguin.sliding > 0:
                self.spray.burst(penguin.place - penguin.facing * 24, 2, 60)

    def _draw_wins(self, target: Surface, wins: list[int]) -> None:
        for seat, (name, scarf) in enumerate(zip(self._names, SCARVES, strict=True)):
            edge, way = (40, 1) if seat == 0 else (SIZE[0] - 40, -1)
            label = self._fonts[40].render(name, True, WHITE)
            target.blit(label, label.get_rect(midleft=(edge, 40)) if seat == 0 else label.get_rect(midright=(edge, 40)))
            for place in range(3):
                at = edge + way * (12 + 34 * place), 78
                pygame.draw.circle(target, scarf if place < wins[seat] else (24, 52, 88), at, 12)
                pygame.draw.aacircle(target, WHITE, at, 12, 2)

    def _text(self, target: Surface, text: str, size: int, middle: tuple[int, int]) -> None:
        for colour, offset in ((SEA_LOW, 3), (WHITE, 0)):
            label = self._fonts[size].render(text, True, colour)
            target.blit(label, label.get_rect(center=(middle[0] + offset, middle[1] + offset)))


def _shadow() -> Surface:
    shadow = Surface((64, 60), pygame.SRCALPHA)
    pygame.draw.ellipse(shadow, (20, 50, 90, 70), shadow.get_rect())
    return shadow
