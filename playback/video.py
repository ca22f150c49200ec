"""Videos of sessions, streamed to ffmpeg frame by frame: memory stays flat, and no display is needed."""

from __future__ import annotations

import re
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import UserError, missing_extra
from ..games.files import written_beside
from .banner import Banner
from .palette import RGB, Palette, blend
from .pg import pygame
from .session import Session
from .sight import Sight
from .stage import Extras, Stage

SUFFIXES = (".mp4", ".gif")
USUAL_FPS = {".mp4": 60, ".gif": 25}
END_SECONDS = 1.5  # the result stays on the screen
_MP4 = [
    "-c:v",
    "libx264",
    "-preset",
    "veryfast",
    "-crf",
    "20",
    "-pix_fmt",
    "yuv420p",
    "-movflags",
    "+faststart",
    "-f",
    "mp4",
]
_GIF = ["-filter_complex", "[0:v][1:v]paletteuse=dither=none:diff_mode=rectangle", "-loop", "0", "-f", "gif"]


@dataclass(frozen=True)
class Recorded:
    """What was written: frames, the file's size in bytes."""

    path: Path
    frames: int
    size: int


def record_video(
    session: Session,
    path: Path,
    palette: Palette,
    *,
    size: tuple[int, int],
    fps: int = 0,
    speed: float = 1.0,
    sight: Sight | None = None,
) -> Recorded:
    """Plays a session that has just begun to its end and writes the video. UserError: what ffmpeg or the disk refuses."""
    fps = fps or USUAL_FPS[path.suffix]
    stage, surface = Stage(session, palette, effects=True), pygame.Surface((even(size[0]), even(size[1])), 0, 32)
    with written_beside(path) as draft:
        with VideoWriter(draft, surface.get_size(), fps, path.suffix, colours_of(palette)) as video:
            for share, extras in _frames(session, stage, fps, speed, sight):
                stage.draw(surface, share, extras)
                video.write(surface)
        return Recorded(path, video.frames, draft.stat().st_size)


def _frames(
    session: Session, stage: Stage, fps: int, speed: float, sight: Sight | None
) -> Iterator[tuple[float, Extras]]:
    """Advances the session from frame to frame: its place between two ticks, and what else is shown."""
    ticks_per_frame = session.game.spec.tick_rate * speed / fps
    due = 1.0
    extras = Extras(sight=sight)
    while True:
        while due >= 1.0 + 1e-9 and not session.is_over:
            session.tick()
            stage.look()
            due -= 1.0
        if session.is_over:
            break
        stage.pass_time(speed / fps)
        yield due, extras
        due += ticks_per_frame
    scores = " : ".join(f"{session.score(seat):g}" for seat in range(session.seats))
    for _ in range(round(END_SECONDS * fps)):
        stage.pass_time(1 / fps)
        yield 1.0, Extras(sight=sight, banner=Banner(session.verdict(), (scores,)))


class VideoWriter:
    """ffmpeg at work: `write` surfaces of one even size. Leaving the `with` ends the file; UserError tells what ffmpeg said."""

    def __init__(self, path: Path, size: tuple[int, int], fps: int, kind: str, colours: NDArray[np.uint8]) -> None:
        self.frames = 0
        self._files = ExitStack()
        self._log = self._files.enter_context(tempfile.TemporaryFile())  # noqa: SIM115  (the stack closes it)
        table = Path(self._files.enter_context(tempfile.TemporaryDirectory())) / "colours.ppm"
        table.write_bytes(b"P6 16 16 255\n" + colours.tobytes())
        stream = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{size[0]}x{size[1]}", "-r", str(fps), "-i", "-"]
        output = [*_GIF] if kind == ".gif" else [*_MP4]
        extra = ["-i", str(table)] if kind == ".gif" else []
        command = [ffmpeg(), "-hide_banner", "-loglevel", "error", "-y", *stream, *extra, *output, str(path)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=self._log)

    def write(self, surface: pygame.Surface) -> None:
        """Adds one frame."""
        try:
            self._pipe.write(pygame.image.tobytes(surface, "RGB"))
        except OSError:
            raise self._failed() from None
        self.frames += 1

    @property
    def _pipe(self) -> IO[bytes]:
        assert self._process.stdin is not None
        return self._process.stdin

    def __enter__(self) -> VideoWriter:
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        try:
            if kind is not None:
                self._process.kill()
            self._close_pipe()
            if self._process.wait() and kind is None:
                raise self._failed()
        finally:
            self._files.close()

    def _close_pipe(self) -> None:
        with suppress(OSError):  # ffmpeg is gone, and its exit status says so
            self._pipe.close()

    def _failed(self) -> UserError:
        self._process.wait()
        self._log.seek(0)
        said = self._log.read().decode(errors="replace").strip().splitlines()
        code = self._process.returncode
        died = signal.strsignal(-code) if code < 0 else f"it ended with status {code}"
        reason = re.sub(r"^\[.*?\] ", "", said[0])[-200:] if said else died
        return UserError(f"ffmpeg could not write the video: {reason}; choose a folder with room, or another size.")


def ffmpeg() -> str:
    """The path of the ffmpeg that imageio-ffmpeg carries. UserError: it is missing."""
    try:
        import imageio_ffmpeg
    except ImportError:
        raise missing_extra("imageio-ffmpeg", "play") from None
    try:
        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError:
        raise UserError("imageio-ffmpeg carries no ffmpeg for this machine; install ffmpeg and try again.") from None


def even(pixels: int) -> int:
    """The next even number: yuv420p halves both sides.

    >>> even(641), even(480)
    (642, 480)
    """
    return pixels + pixels % 2


def colours_of(palette: Palette) -> NDArray[np.uint8]:
    """(256, 3) uint8: a palette's colours and the blends between them that smooth edges need, for a GIF of one colour table.

    One table for all frames is known beforehand, so frames can be streamed, and ffmpeg stores only what moves.
    """
    grounds = [palette.field, palette.backdrop]
    marks = list(dict.fromkeys([palette.text, palette.faint, palette.edge, *palette.inks[1:]]))
    greys: list[RGB] = [(v, v, v) for v in range(0, 256, 17)]
    found = [*grounds, blend(grounds[0], grounds[1], 0.5), *marks]
    for ground in grounds:
        found += [blend(ground, mark, share / 6) for mark in marks for share in range(1, 6)]
    found += [blend(one, other, 0.5) for one, other in combinations(marks, 2)] + greys
    unique = list(dict.fromkeys(found))[:256]
    return np.array(unique + [unique[0]] * (256 - len(unique)), np.uint8)
