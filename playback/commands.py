"""The commands `npckit play`, `npckit watch` and `npckit record`."""

from __future__ import annotations

import math
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from ..errors import UserError
from ..games import registry
from ..games.contract import SPECTATOR
from ..games.files import check_target, written_beside
from ..games.replay import SUFFIX, Replay
from .adapting import adapting_for
from .casting import PERSON, cast, graded, may_be_taken_over, opponents, rival, seat_people, shell_name
from .keyboard import Bindings, Keyboard
from .palette import Palette, colours
from .pg import pygame
from .session import Session
from .sheet import draw_sheet
from .show import Show
from .sight import sight_kind
from .video import SUFFIXES, record_video
from .window import Window, open_display, usual_size

Arg = tyro.conf.arg
Title = Annotated[str, Arg(help="a title's name, or the path of its folder")]
What = Annotated[str, Arg(help="a title, or a .replay file")]
Agents = Annotated[
    tuple[str, ...],
    Arg(
        help="who sits in the seats, in order: random, a bot's level, an .onnx policy (FILE@4: its level 4), a .replay; else the rival"
    ),
]
Against = Annotated[str, Arg(help="random, a bot's level, an .onnx policy, a .replay, or person: two at one keyboard")]
LevelOf = Annotated[
    int | Literal["auto"] | None,
    Arg(
        help="how strong the rival is, 1 to 10, where its policy has a ladder; auto: as strong as you, from match to match"
    ),
]
RatingOf = Annotated[float | None, Arg(help="instead of a level: the rating at which the rival plays")]
WinChance = Annotated[float | None, Arg(help="with --level auto: how often you wish to win, 0.5 when left out")]
ProfileOf = Annotated[
    Path | None, Arg(help="with --level auto: the file that remembers how strong you are, your own when left out")
]
SeatName = Annotated[str, Arg(help="where you sit, by name or number; the first when empty")]
Seats = Annotated[int, Arg(help="how many play, in titles that allow several counts; 0 for the most")]
SaveTo = Annotated[
    Path | None, Arg(name="replay", help="save every match here as a .replay file; nothing is overwritten")
]
Colours = Annotated[str, Arg(help="night, or safe for colour-blind eyes")]
Scale = Annotated[float, Arg(help="pixels for each cell of the field; 0 for the usual size")]
Speed = Annotated[float, Arg(help="1 is the title's own pace")]
Seed = Annotated[int | None, Arg(help="of the first match, to have it again; a new one when left out")]
TitleOf = Annotated[str, Arg(help="the folder of a replay's title, if npckit does not ship it")]
Out = Annotated[Path, Arg(help="the file to write: .mp4, .gif or .replay")]
Titles = Annotated[tuple[str, ...], Arg(help="names, or paths of folders; every title when empty")]
SheetOut = Annotated[Path, Arg(help="the .png file to write; an older one is replaced")]
Overwrite = Annotated[bool, Arg(help="replace a file that exists")]
Sees = Annotated[str, Arg(help="show what this seat sees beside the field")]
View = Annotated[str, Arg(help="with --sees: features, planes or pixels; the agent's own observation when empty")]
Mute = Annotated[bool, Arg(help="no sound; M turns it on and off while you play")]
Calm = Annotated[bool, Arg(help="no sparks, and nothing shakes")]
Frames = Annotated[int, tyro.conf.Suppress]  # for tests: close the window after so many

VIDEO_WIDTH = 640  # pixels of a field


@dataclass(frozen=True)
class Look:
    """How a match is shown: pixels for each cell of the field (0: the usual), how fast, and whether events are heard and seen."""

    palette: Palette
    scale: float
    speed: float
    mute: bool = False
    calm: bool = False


def play(
    title: Title, /, *, against: Against = "", level: LevelOf = None, rating: RatingOf = None, win_chance: WinChance = None,
    profile: ProfileOf = None, seat: SeatName = "", seats: Seats = 0, replay: SaveTo = None, palette: Colours = "night",
    scale: Scale = 0.0, speed: Speed = 1.0, mute: Mute = False, calm: Calm = False, seed: Seed = None, max_frames: Frames = 0,
) -> None:  # fmt: skip
    """Play a title in a window, against a bot or a trained agent."""
    game, first_seed, look = (
        registry.load(title),
        checked_seed(seed),
        Look(colours(palette), scale, checked_speed(speed), mute, calm),
    )
    count = game.spec.seat_count(seats)
    own = game.spec.seat_index(seat) if seat else 0
    if own >= count:
        raise UserError(f"seat {seat} is not taken in a match of {count} seats; choose another, or more --seats.")
    if count == 1 and (against or level is not None or rating is not None):
        raise UserError(f"{game.name} is played alone; leave out --against, --level and --rating.")
    facing = next((each for each in range(count) if game.spec.teams[each] != game.spec.teams[own]), 0)
    opponent = against or rival(game, facing, count)
    agents = opponents(game, opponent if opponent != PERSON else "random", count, first_seed)
    adapting = adapting_for(game, agents, opponent, own, level, rating, win_chance, profile)
    if isinstance(level, int) or rating is not None:
        agents = graded(agents, opponent, level if isinstance(level, int) else None, rating)
    if replay is not None:
        check_target(replay, SUFFIX)
    open_display(record_instead(title, [opponent] * count))
    keyboard, seats_of_people = Keyboard(), list(range(count)) if opponent == PERSON else [own]
    people, bindings = seat_people(game, seats_of_people, keyboard)
    players = [people.get(each, agents[each]) for each in range(count)]
    viewer = own if len(people) == 1 else SPECTATOR
    session = Session(game, players, seed=first_seed, viewer=viewer, between=adapting)
    try:
        run_show(session, keyboard, bindings, look, replay, max_frames)
    finally:
        if adapting is not None and adapting.summary():
            print(adapting.summary())


def watch(
    what: What, agents: Agents = (), /, *, title: TitleOf = "", seats: Seats = 0, replay: SaveTo = None, palette: Colours = "night",
    scale: Scale = 0.0, speed: Speed = 1.0, mute: Mute = False, calm: Calm = False, seed: Seed = None, max_frames: Frames = 0,
) -> None:  # fmt: skip
    """Watch agents or a replay play in a window; touch a movement key to take over a seat."""
    keyboard, bindings = Keyboard(), dict[int, Bindings]()
    look = Look(colours(palette), scale, checked_speed(speed), mute, calm)
    if replay is not None:
        check_target(replay, SUFFIX)
    session = session_of(what, agents, title, seats, checked_seed(seed))
    open_display(record_instead(what, agents))
    if session.recorded is None:
        players, bindings = may_be_taken_over(session.game, session.match.agents, keyboard)
        session = Session(session.game, players, seed=session.seed)
    run_show(session, keyboard, bindings, look, replay, max_frames)


def record(
    what: What, agents: Agents = (), /, *, out: Out, title: TitleOf = "", seats: Seats = 0, fps: int = 0, palette: Colours = "night",
    scale: Scale = 0.0, speed: Speed = 1.0, seed: Seed = None, sees: Sees = "", view: View = "", overwrite: Overwrite = False,
) -> None:  # fmt: skip
    """Record a match or a replay as a video, a GIF or a replay file. Needs no display."""
    check_target(out, *SUFFIXES, SUFFIX)
    if out.exists() and not overwrite:
        raise UserError(f"{out} exists; choose another --out, or add --overwrite.")
    if not 0 <= fps <= 240:
        raise UserError(f"a video has 1 to 240 frames a second, or 0 for the usual; got {fps}.")
    look = Look(colours(palette), scale, checked_speed(speed))
    session = session_of(what, agents, title, seats, checked_seed(seed))
    size = usual_size(session.game, scale or VIDEO_WIDTH / session.game.spec.field[0])
    sight = session.follow(session.game.spec.seat_index(sees), sight_kind(view) if view else "") if sees else None
    if sight:
        size = size[0] * 3 // 2, size[1]  # room for the panel
    if out.suffix == SUFFIX:
        while not session.is_over:
            session.tick()
        session.replay().save(out)
        print(f"wrote {out}: {session.match.tick} ticks, {out.stat().st_size} bytes; watch it: npckit watch {out}")
        return
    done = record_video(session, out, look.palette, size=size, fps=fps, speed=look.speed, sight=sight)
    print(f"wrote {out}: {done.frames} frames, {done.size / 1000:.0f} kB; {session.verdict()}")


def sheet(
    titles: Titles = (), /, *, out: SheetOut = Path("titles.png"), palette: Colours = "night", seed: int = 1
) -> None:
    """Make one picture of all titles, each in the middle of a match between its strongest players."""
    check_target(out, ".png")
    games = [registry.load(name) for name in titles or registry.names()]
    picture = draw_sheet(games, colours(palette), seed)
    with written_beside(out) as draft, draft.open("wb") as file:
        pygame.image.save(picture, file, out.name)
    print(f"wrote {out}: {len(games)} titles, {out.stat().st_size / 1000:.0f} kB")


def session_of(what: str, agents: tuple[str, ...], title: str, seats: int, seed: int) -> Session:
    """A match of named agents, or a replay that has been verified."""
    if not what.endswith(SUFFIX):
        game = registry.load(what)
        return Session(game, cast(game, agents, seats, seed), seed=seed)
    if agents:
        raise UserError(f"a replay brings its own players; leave out {', '.join(agents)}.")
    replay = Replay.load(what)
    return Session.of_replay(replay, registry.load(title) if title else registry.installed(replay.game))


def run_show(
    session: Session,
    keyboard: Keyboard,
    bindings: dict[int, Bindings],
    look: Look,
    replay: Path | None,
    max_frames: int,
) -> None:
    """Opens the window, runs until it is closed, and says which replays were saved."""
    window = Window(f"npckit: {session.game.name}", usual_size(session.game, look.scale), keyboard)
    show = Show(
        session,
        window,
        look.palette,
        bindings,
        speed=look.speed,
        save_to=replay,
        is_muted=look.mute,
        effects=not look.calm,
    )
    try:
        show.run(max_frames)
    finally:
        window.close()
        for path in show.saved:
            print(f"saved {path}; watch it: npckit watch {path}")


def record_instead(what: str, agents: list[str] | tuple[str, ...]) -> str:
    """What to do where there is no display, as a command that works."""
    names = " ".join(shell_name(name) for name in agents if name != PERSON)
    return f"run `npckit record {what} {names + ' ' if names else ''}--out match.mp4` instead, and open the video."


def checked_seed(seed: int | None) -> int:
    """A seed in range, or a new one."""
    if seed is None:
        return secrets.randbelow(2**31)
    if not 0 <= seed < 2**63:
        raise UserError(f"a seed is a whole number from 0 to 2**63 - 1; got {seed}.")
    return seed


def checked_speed(speed: float) -> float:
    if not (math.isfinite(speed) and 0.05 <= speed <= 20):
        raise UserError(f"a speed is 0.05 to 20; got {speed}.")
    return speed
