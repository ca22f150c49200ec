"""`npckit bench fuzz`: whatever bytes a policy file holds, it loads or is refused in a sentence.

Half of the files are shipped policies with something changed, half valid ONNX models that mean harm; what loads also decides,
one row and many at once. They are opened in processes of their own, with a limit of time and of memory, so that a crash, a
hang or a flood of memory is seen and told of the file that did it. A file follows from seed and number alone.
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from ...errors import UserError, missing_extra
from ...games.files import check_target
from .measure import Row, machine, write_results

BATCH = 2000  # files of a process
FAULTS = ("crashed", "hung", "slow", "memory", "sizes", "raised", "sentence")
MOST_KEPT = 100  # files
WORKER = [sys.executable, "-m", "npckit.train.bench.fuzz_worker"]


def fuzz(
    *,
    files: int = 100_000,
    seed: int = 0,
    seconds: float = 2.0,
    memory: int = 500,
    hang: float = 60.0,
    keep: Path = Path("bench-fuzz"),
    out: Path = Path("bench-fuzz.json"),
) -> None:
    """Open many hostile policy files in processes of their own, print what became of them and write JSON.

    Args:
        files: how many; half of them mutated, half hostile graphs
        seed: of all files
        seconds: of the processor, which a file may take until it has decided once
        memory: MiB by which a file may make the process grow
        hang: seconds after which a file is given up
        keep: the folder for files that crash, hang or otherwise fail
        out: where the JSON goes
    """
    if not (1 <= files <= 10**8 and 0 < seconds <= hang and memory > 0):
        raise UserError("--files is 1 or more, --seconds and --memory are above 0, --hang is not below --seconds.")
    for package, extra in (("resource", ""), ("onnx", "train")):
        if find_spec(package) is None:
            raise missing_extra(package, extra) if extra else UserError("npckit bench fuzz needs Linux or macOS.")
    check_target(out)
    start, rows = time.perf_counter(), list[Row]()
    try:
        for row in outcomes(files, seed, memory=memory, hang=hang):
            slow = row["verdict"] == "loaded" and row["seconds"] > seconds
            rows.append(row | {"verdict": "slow"} if slow else row)
            if len(rows) % 5000 == 0:
                print(f"{len(rows):,} files", flush=True)
    except KeyboardInterrupt:
        print("interrupted: this is what became of the files so far")
    asked = {"files": len(rows), "seed": seed, "seconds": seconds, "memory": memory}
    report = summary(rows, time.perf_counter() - start, asked)
    _print(report)
    kept = _keep(rows, seed, keep)
    write_results(out, report)
    if kept:
        raise UserError(
            f"{kept:,} of {len(rows):,} files fail; they lie in {keep} with what they did; mend the guard and repeat."
        )


def outcomes(files: int, seed: int, *, memory: int, hang: float) -> Iterator[Row]:
    """What became of each file, in order: number, kind, verdict, stage, why, seconds, mib."""
    at = 0
    while at < files:
        for row in _batch({"seed": seed, "start": at, "stop": min(at + BATCH, files), "memory": memory}, hang):
            yield row
            at = row["number"] + 1


def _batch(order: dict[str, Any], hang: float) -> Iterator[Row]:
    """The outcomes of one process, until it is done, dies, or is killed because a file takes too long."""
    with tempfile.TemporaryFile("w+") as complaints, _worker(complaints) as process, _ended(process):
        assert process.stdin is not None
        process.stdin.write(json.dumps(order).encode())
        process.stdin.close()
        begun: Row = {"number": order["start"]}
        ended = False
        for told in _lines(process, hang):
            if told is None:
                process.kill()
                process.wait()
                yield _lost(begun, "hung", f"over {hang} s", hang)
                return
            ended = "verdict" in told
            begun = told if not ended else begun
            if ended:
                yield begun | told
        if not ended or process.wait() != 0:
            status = process.wait()
            name = signal.Signals(-status).name if status < 0 else f"exit status {status}"
            complaints.seek(0)
            yield _lost(begun, "crashed", f"{name}; {complaints.read()[-2000:]}", 0.0)


def _lost(begun: Row, verdict: str, why: str, seconds: float) -> Row:
    """The outcome of a file that took its process with it."""
    kind = "graph" if begun["number"] % 2 else "mutated"
    return begun | {"kind": kind, "verdict": verdict, "stage": "", "why": why, "seconds": seconds, "mib": 0.0}


@contextmanager
def _ended(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Whatever happens, the process does not outlive this."""
    try:
        yield
    finally:
        process.kill()


def _worker(complaints: Any) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    pipe = subprocess.PIPE
    return subprocess.Popen(WORKER, stdin=pipe, stdout=pipe, stderr=complaints, env=environment, bufsize=0)


def _lines(process: subprocess.Popen[bytes], hang: float) -> Iterator[Row | None]:
    """The lines that a worker writes; None where none comes for so many seconds."""
    assert process.stdout is not None
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        rest = b""
        while True:
            if not selector.select(hang):
                yield None
                return
            more = os.read(process.stdout.fileno(), 2**16)
            if not more:
                return
            *whole, rest = (rest + more).split(b"\n")
            yield from map(json.loads, whole)


def summary(rows: list[Row], seconds: float, asked: Row) -> Row:
    """Counts by what the files were and what became of them, the slowest and largest of those that loaded."""
    loaded = [row for row in rows if row["verdict"] in ("loaded", "slow")]
    slowest = sorted(loaded, key=lambda row: -row["seconds"])[:10]
    return {
        **machine(),
        **asked,
        "files_per_second": len(rows) / seconds,
        "mutated": _counts(row for row in rows if row["kind"] == "mutated"),
        "graphs": _counts(row for row in rows if row["kind"] != "mutated"),
        "faults": sum(row["verdict"] in FAULTS for row in rows),
        "most_seconds": max((row["seconds"] for row in rows), default=0.0),
        "most_mib": max((row["mib"] for row in rows), default=0.0),
        "slowest": [{name: row[name] for name in ("number", "kind", "seconds", "mib")} for row in slowest],
    }


def _counts(rows: Iterator[Row]) -> dict[str, int]:
    return dict(Counter(" ".join(filter(None, (row["verdict"], row["stage"]))) for row in rows).most_common())


def _print(report: Row) -> None:
    table = Table(title=f"{report['files']:,} files, seed {report['seed']}: {report['files_per_second']:.0f} files/s")
    for name in ("what became of them", "mutated", "hostile graphs"):
        table.add_column(name, justify="left" if name[0] == "w" else "right")
    for name in dict.fromkeys([*report["mutated"], *report["graphs"]]):
        table.add_row(
            name.replace("refused ", "refused: "), *(f"{report[half].get(name, 0):,}" for half in ("mutated", "graphs"))
        )
    console = Console()
    console.print(table)
    slowest = report["slowest"][0] if report["slowest"] else {"kind": "none", "number": 0}
    console.print(
        f"the slowest took {report['most_seconds']:.2f} s, the largest {report['most_mib']:.0f} MiB; of those that loaded the"
        f" slowest was {slowest['kind']} (number {slowest['number']})"
    )


def _keep(rows: list[Row], seed: int, folder: Path) -> int:
    """Writes the files that failed, and why; how many there are."""
    failed = [row for row in rows if row["verdict"] in FAULTS]
    if failed:
        from .fuzz_worker import file_of, seed_files

        folder.mkdir(parents=True, exist_ok=True)
        for row in failed[:MOST_KEPT]:
            name = f"{row['verdict']}-{seed}-{row['number']}"
            (folder / f"{name}.onnx").write_bytes(file_of(seed, row["number"], seed_files())[1])
            (folder / f"{name}.json").write_text(json.dumps(row, indent=1) + "\n")
    return len(failed)
