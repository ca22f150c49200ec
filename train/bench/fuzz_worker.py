"""Opens fuzzed files one after the other, in a process of its own, and says of each what became of it: JSON in, lines of JSON out.

A line with the number comes before a file is opened, so that the parent knows which one a crash or a hang is due to.
"""

from __future__ import annotations

import json
import random
import resource
import sys
import time
import traceback
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from ...agents.onnx_bounds import propagate
from ...agents.onnx_wire import Refused
from ...agents.policy_file import PolicyFile, open_session, shipped
from ...errors import UserError
from .fuzz_bytes import mutated
from .fuzz_graphs import HARMS, finished
from .fuzz_heavy import heavy
from .fuzz_sizes import SIZES

ROWS = 64  # of the later decisions; fewer where one takes long
LONGEST = 1200  # characters of a sentence
HEAVY = 0.01  # of the hostile graphs
ADDRESS_SPACE = 2**31  # bytes beyond what the process has when it begins
STAGES = {  # the function of the package in which a refusal arose, the innermost counts
    "inspect": "guard",
    "_read_card": "card",
    "_check_graph": "card and graph",
    "open_session": "onnxruntime",
    "_try_out": "first decision",
    "decide": "later decisions",
}


def file_of(seed: int, number: int, seeds: list[bytes]) -> tuple[str, bytes]:
    """The file of a number, and what kind it is: even ones are mutated, odd ones hostile graphs."""
    rng = random.Random(f"{seed}/{number}")
    if number % 2 == 0:
        return "mutated", mutated(rng, seeds)
    maker = heavy if rng.random() < HEAVY else rng.choice(HARMS if rng.random() < 0.4 else SIZES)
    return maker.__name__, finished(maker(rng))


def seed_files() -> list[bytes]:
    """What is mutated: every shipped policy, of features and of planes, with memory and without."""
    return [path.read_bytes() for path in shipped().values()]


def main() -> None:
    """Reads an order {seed, start, stop, memory}, and opens the files until the order is done or one took much memory."""
    order = json.load(sys.stdin)
    seeds = seed_files()
    _open(seeds[0])  # what the libraries want once is nobody's fault
    _limit_address_space()
    before = peak()
    for number in range(order["start"], order["stop"]):
        print(json.dumps({"number": number}), flush=True)
        kind, data = file_of(order["seed"], number, seeds)
        told = judged(data, before, order["memory"])
        print(json.dumps({"kind": kind, **told}), flush=True)
        if told["mib"] > order["memory"] / 4:
            break  # the next one begins in a fresh process, so that its own memory is seen


def judged(data: bytes, before: int, memory: int) -> dict[str, Any]:
    """What became of a file: loaded; refused, and where; or a fault: memory, sizes, raised, sentence."""
    start = time.process_time()
    told: dict[str, Any] = {"verdict": "loaded", "stage": "", "why": "", "seconds": 0.0}
    try:
        policy = _open(data)
        told["seconds"] = time.process_time() - start
        told["mib"] = (peak() - before) / 2**20
        decide(policy, told["seconds"])
        told["why"] = misjudged(policy, data)
        told["verdict"] = "sizes" if told["why"] else "loaded"
    except UserError as error:
        told |= {"verdict": "refused", "stage": _stage(error), "why": str(error)}
        if not (str(error).isprintable() and 0 < len(str(error)) < LONGEST):
            told["verdict"] = "sentence"
        if "alloc" in str(error):
            told["verdict"] = "memory"
    except MemoryError:
        told["verdict"] = "memory"
    except Exception:
        told |= {"verdict": "raised", "why": traceback.format_exc()[-2000:]}
    told["seconds"] = told["seconds"] or time.process_time() - start
    told["mib"] = max(told.get("mib", 0.0), (peak() - before) / 2**20)
    return told | ({"verdict": "memory"} if told["mib"] > memory else {})


def _open(data: bytes) -> PolicyFile:
    return PolicyFile(data, Path("fuzzed.onnx"))


def decide(policy: PolicyFile, seconds: float) -> None:
    """A few decisions, of one row and of many, by both ways that an NPC has."""
    rows = max(2, min(ROWS, int(0.5 / max(seconds, 1e-3))))
    for bound in (policy.bind(), policy.bind(min(rows, policy.max_rows))):
        bound()
        bound()
    obs = _ones(policy, rows)
    _, state = policy.run(obs)
    policy.run(obs, state)


def _ones(policy: PolicyFile, rows: int) -> dict[str, NDArray[Any]]:
    shapes = policy.card.input_shapes()
    return {part.name: np.ones((rows, *shapes[part.name]), part.dtype) for part in policy.card.observation.parts}


def misjudged(policy: PolicyFile, data: bytes, rows: int = 3) -> str:
    """Where the guard and onnxruntime differ on the size of a value: nothing, or what they say. Large graphs are let be."""
    graph = policy.facts.graph
    if len(graph.nodes) > 100 or policy.facts.cost.work > 10**7 or graph.constants.keys() & policy.card.output_names():
        return ""
    try:
        ours = {
            name: out.shape
            for node, _, outs in propagate(graph, rows)
            for name, out in zip(node.outputs, outs, strict=True)
            if name
        }
    except Refused:
        return ""  # so many rows would be refused in play as well
    told = onnx.load_model_from_string(data)
    del told.graph.output[:]
    told.graph.output.extend(onnx.helper.make_empty_tensor_value_info(name) for name in ours)
    feed = {name: np.ones((rows, *dims), "u1" if dtype == 2 else "f4") for name, (dtype, dims) in graph.inputs.items()}
    try:
        theirs = open_session(told.SerializeToString(), "fuzzed.onnx").run(list(ours), feed)
    except Exception:  # onnxruntime's exceptions share no base but this
        return ""  # an index that is out of bounds for these values: in play a sentence says so
    return "; ".join(
        f"{name[:40]!r}: {ours[name]} here, {out.shape} there"
        for name, out in zip(ours, theirs, strict=True)
        if out.shape != ours[name]
    )


def _stage(error: UserError) -> str:
    frames = [frame.f_code.co_name for frame, _ in traceback.walk_tb(error.__traceback__)]
    return next((STAGES[name] for name in reversed(frames) if name in STAGES), "elsewhere")


def peak() -> int:
    """The most bytes of memory that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _limit_address_space() -> None:
    """An allocation of gigabytes fails, whether it would be touched or not."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except OSError:
        return  # no Linux: the peak of memory alone is watched
    most = pages * resource.getpagesize() + ADDRESS_SPACE
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


if __name__ == "__main__":
    main()
