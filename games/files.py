"""Writing files so that nothing is lost: what cannot be written is refused in a sentence, and a draft takes a file's place whole."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import UserError


@contextmanager
def written_beside(target: Path) -> Iterator[Path]:
    """A draft's path in the target's folder; moved to the target when all went well, else removed. UserError: it cannot be written."""
    check_target(target)
    try:
        with draft_of(target) as draft:
            yield draft
    except OSError as error:
        reason = error.strerror or error
        raise UserError(f"cannot write {target}: {reason}; choose a folder with room in which you may write.") from None


@contextmanager
def draft_of(target: Path) -> Iterator[Path]:
    """As `written_beside`, for who has more to say of an OSError."""
    draft = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        draft.touch()
        yield draft
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


def remove_drafts(folder: Path) -> None:
    """Clears away what a killed process left half written, where no other is writing."""
    for draft in folder.glob(".*.tmp"):
        draft.unlink(missing_ok=True)


def check_target(target: Path, *suffixes: str) -> None:
    """UserError, before any work: a file cannot be put there, or its name does not end in one of the suffixes."""
    if suffixes and target.suffix not in suffixes:
        raise UserError(f"cannot write {target}: the name must end in {' or '.join(suffixes)}.")
    if target.is_dir():
        raise UserError(f"cannot write {target}: it is a folder; give the name of a file in it.")
    if not target.parent.is_dir():
        raise UserError(f"cannot write {target}: there is no folder {target.parent}; make it first.")
    if not os.access(target.parent, os.W_OK):
        raise UserError(f"cannot write {target}: you may not write in {target.parent}; choose another folder.")
