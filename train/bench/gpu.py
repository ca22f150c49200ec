"""How busy a GPU is, as nvidia-smi tells it; nothing is told where there is none, or no nvidia-smi."""

from __future__ import annotations

import shutil
import subprocess
from statistics import mean
from types import TracebackType

COMMAND = ("nvidia-smi", "--query-gpu=utilization.gpu", "--format=csv,noheader,nounits", "--loop-ms=500")


class Utilisation:
    """Watches the first GPU while the block runs; `mean` is in percent afterwards, None where it was not measured."""

    def __init__(self, wanted: bool) -> None:
        self._wanted, self.mean = wanted and shutil.which(COMMAND[0]) is not None, None

    mean: float | None

    def __enter__(self) -> Utilisation:
        if self._wanted:
            self._process = subprocess.Popen([*COMMAND, "--id=0"], stdout=subprocess.PIPE, text=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._wanted:
            return
        self._process.terminate()
        told, _ = self._process.communicate()
        figures = [float(line) for line in told.split() if line.replace(".", "").isdigit()]
        self.mean = mean(figures) if figures else None
