"""What may go wrong while a run goes on, told in one sentence: a full disk, numbers that broke, too little memory."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from ..errors import Diverged, UserError
from .config import TrainConfig
from .run_folder import Run

NO_MEMORY = (
    "can't allocate memory",
    "DefaultCPUAllocator",
    "out of memory",
    "ALLOC_FAILED",
)  # as torch and CUDA say it


@contextmanager
def in_a_sentence(config: TrainConfig, run: Run | None = None) -> Iterator[None]:
    """Turns failures of what is done inside into UserErrors; what has been saved stays as it is."""
    try:
        with _threads_leave_it_to_us():
            yield
    except Diverged as error:
        raise Diverged(f"{str(error).rstrip('.')}; {_last_good(run)}.") from None
    except BrokenPipeError:
        raise  # whoever reads our lines has gone: not a matter of the disk
    except OSError as error:
        raise UserError(_disk(error, run)) from None
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        raise UserError(_memory(error, config, run)) from None


def is_out_of_memory(error: Exception) -> bool:
    """Whether this is too little memory, of the machine or of its GPU.

    >>> is_out_of_memory(MemoryError()), is_out_of_memory(RuntimeError("[enforce fail at] DefaultCPUAllocator: can't allocate"))
    (True, True)
    >>> is_out_of_memory(RuntimeError("mat1 and mat2 shapes cannot be multiplied"))
    False
    """
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or any(text in str(error) for text in NO_MEMORY)


@contextmanager
def _threads_leave_it_to_us() -> Iterator[None]:
    """TensorBoard's thread prints the error of a full disk before it hands it over."""
    before = threading.excepthook

    def hook(args: Any) -> None:
        if not issubclass(args.exc_type, OSError):
            before(args)

    threading.excepthook = hook
    try:
        yield
    finally:
        threading.excepthook = before


def _last_good(run: Run | None) -> str:
    if run is None or not run.checkpoints:
        return "no checkpoint had been saved"
    return f"the last good checkpoint is {run.checkpoints[-1]}"


def _disk(error: OSError, run: Run | None) -> str:
    reason = error.strerror or str(error)
    if run is None:
        return f"{error.filename or 'a file'} refused: {reason}; check the path and the free space."
    if not run.checkpoints:
        return f"cannot write to {run.path}: {reason}; nothing was saved: make room and start anew."
    return f"cannot write to {run.path}: {reason}; {_last_good(run)}: make room, then npckit train --resume {run.path}."


def _memory(error: Exception, config: TrainConfig, run: Run | None) -> str:
    where = "the GPU's memory" if isinstance(error, torch.OutOfMemoryError) or "CUDA" in str(error) else "memory"
    levers = {"num_envs": config.num_envs}
    if "dqn" in config.algorithm:
        levers |= {"dqn.buffer_size": config.dqn.buffer_size, "dqn.batch_size": config.dqn.batch_size}
    else:
        levers |= {"ppo.n_steps": config.ppo.n_steps, "ppo.batch_size": config.ppo.batch_size}
    names = [f"{name} ({value})" for name, value in levers.items()]
    names += [f"stack ({config.stack})"] if config.obs != "features" else []
    names += ["size ({} {})".format(*config.size)] if config.obs == "pixels" else []
    saved = "" if run is None else f" ({_last_good(run)})"
    return f"{where} is used up{saved}; lower {', '.join(names[:-1])} or {names[-1]}."
