"""What a person sees while a run goes on: a bar in a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

LINE_SECONDS = 10.0  # between plain lines


@dataclass
class Status:
    """How a run stands. Written by the callbacks, read by whoever shows it."""

    samples: int = 0
    fraction: float = 0.0  # of the run that is done, by samples or by the clock
    seconds: float = 0.0
    samples_per_second: float = 0.0
    score: float | None = None
    perf: float | None = None
    win_rates: dict[str, float] = field(default_factory=dict)
    doing: str = ""  # what holds up the learning just now

    def line(self) -> str:
        """The state in one line.

        >>> Status(1_250_000, 0.25, 30, 41_666, 2.5, 0.5, {"hard": 0.41}).line()
        '1.25M samples  score +2.50  perf 0.50  hard 41%  42k/s  left 1:30'
        """
        parts = [f"{short(self.samples)} samples"]
        if self.score is not None and self.perf is not None:
            parts.append(f"score {self.score:+.2f}  perf {self.perf:.2f}")
        parts += [f"{name} {rate:.0%}" for name, rate in self.win_rates.items() if name != "random"]
        return "  ".join(
            [*parts, f"{short(self.samples_per_second)}/s", self.doing or f"left {clock(self.seconds_left)}"]
        )

    @property
    def seconds_left(self) -> float | None:
        return self.seconds * (1 - self.fraction) / self.fraction if self.fraction > 0 else None


def short(number: float) -> str:
    """A number in three digits or so.

    >>> short(950), short(41_666), short(12_345_678)
    ('950', '42k', '12.35M')
    """
    if number < 1000:
        return f"{number:.0f}"
    return f"{number / 1e3:.0f}k" if number < 999_500 else f"{number / 1e6:.2f}M"


def clock(seconds: float | None) -> str:
    """Minutes and seconds.

    >>> clock(95), clock(3725), clock(None)
    ('1:35', '1:02:05', '?')
    """
    if seconds is None:
        return "?"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


class Display(Protocol):
    """Shows a status now and then, and what else there is to say."""

    def show(self, status: Status) -> None: ...

    def say(self, text: str) -> None: ...

    def close(self) -> None: ...


class Silent:
    """Shows nothing."""

    def show(self, status: Status) -> None:
        return None

    def say(self, text: str) -> None:
        return None

    def close(self) -> None:
        return None


class Lines:
    """A line now and then, for log files and pipes."""

    def __init__(self) -> None:
        self._last, self._rates = 0.0, dict[str, float]()

    def show(self, status: Status) -> None:
        now = time.monotonic()
        news = status.win_rates != self._rates and not status.doing
        if news or now - self._last >= LINE_SECONDS:
            self._last, self._rates = now, dict(status.win_rates)
            print(f"{status.fraction:4.0%}  {status.line()}", flush=True)

    def say(self, text: str) -> None:
        print(f"      {text}", flush=True)

    def close(self) -> None:
        return None


class Bar:
    """One line that renews itself."""

    def __init__(self, console: Console) -> None:
        columns = BarColumn(bar_width=20), TextColumn("{task.percentage:>3.0f}%"), TextColumn("{task.description}")
        self._progress = Progress(*columns, console=console, refresh_per_second=5)
        self._task = self._progress.add_task("compiling", total=1.0)
        self._progress.start()

    def show(self, status: Status) -> None:
        self._progress.update(self._task, completed=status.fraction, description=status.line())

    def say(self, text: str) -> None:
        self._progress.console.print(text, highlight=False)

    def close(self) -> None:
        self._progress.stop()


def display_for(*, quiet: bool) -> Display:
    """The right one for where standard output goes."""
    console = Console()
    if quiet:
        return Silent()
    return Bar(console) if console.is_terminal else Lines()
