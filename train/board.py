"""The folder that TensorBoard is shown: one folder of runs as it is, or several runs under one roof."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from ..errors import UserError

EVENTS = "events.out.tfevents.*"


@contextmanager
def one_folder(paths: Sequence[Path]) -> Iterator[Path]:
    """A folder with all the charts of runs, or of folders of runs, while it is in use. UserError: a path has none.

    Links bear the names of the runs, which TensorBoard shows; runs that are still being written, or begin later, are seen too.
    """
    for path in paths:
        _check(path)
    if len(paths) == 1 and not _is_run(paths[0]):
        yield paths[0]
        return
    with TemporaryDirectory(prefix="npckit-") as roof:
        for name, path in named(paths).items():
            link = Path(roof, name)
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(path.resolve(), target_is_directory=True)
        yield Path(roof)


def named(paths: Sequence[Path]) -> dict[str, Path]:
    """Each path under its last part, or as many more as tell it from the others; a path given twice is shown once.

    >>> list(named([Path("/a/red"), Path("/a/blue")])), list(named([Path("/a/red"), Path("/b/red")]))
    (['red', 'blue'], ['a/red', 'b/red'])
    """
    places = list(dict.fromkeys(path.resolve() for path in paths))
    for length in range(1, max(len(place.parts) for place in places)):
        names = ["/".join(place.parts[1:][-length:]) for place in places]
        if len(set(names)) == len(places):
            return dict(zip(names, places, strict=True))
    return {f"{number}-{place.name}": place for number, place in enumerate(places, 1)}


def _is_run(path: Path) -> bool:
    return any(path.glob(EVENTS))


def _check(path: Path) -> None:
    if not path.is_dir():
        raise UserError(f"there is no folder {path}; train first (npckit train), or give the folder of a run.")
    if not any(path.rglob(EVENTS)):
        raise UserError(f"{path} holds no charts; give the folder of a run, or one that holds runs.")
