"""Whatever bytes a policy file holds, it loads or is refused in a sentence; and a file that did worse would be found out."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from npckit import cli
from npckit.agents.card import Card
from npckit.agents.onnx_guard import inspect
from npckit.agents.policy_file import KEY, PolicyFile
from npckit.errors import UserError
from npckit.train.bench import fuzz
from npckit.train.bench.fuzz_bytes import card_changed, encoded, structure, tree_of
from npckit.train.bench.fuzz_graphs import HARMS, finished
from npckit.train.bench.fuzz_heavy import KINDS, heavy
from npckit.train.bench.fuzz_sizes import SIZES
from npckit.train.bench.fuzz_worker import file_of, judged, misjudged, peak, seed_files

COUNT = 2000


def test_no_file_crashes_hangs_or_eats_memory(tmp_path: Path) -> None:
    """In a process of its own, because what this looks for would take pytest with it."""
    command = [sys.executable, "-m", "npckit", "bench", "fuzz", "--files", str(COUNT), "--seconds", "10"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=500)
    assert done.returncode == 0, done.stderr
    told = json.loads((tmp_path / "bench-fuzz.json").read_text())
    assert told["faults"] == 0 and not (tmp_path / "bench-fuzz").exists()
    for half in ("mutated", "graphs"):
        assert sum(told[half].values()) == COUNT // 2
        assert told[half]["loaded"] > COUNT // 40  # enough pass the guard to try what lies behind it
        assert told[half]["refused guard"] > COUNT // 8


def test_a_file_follows_from_seed_and_number_alone() -> None:
    seeds = seed_files()
    made = [file_of(3, number, seeds) for number in range(60)]
    assert made == [file_of(3, number, seeds) for number in range(60)]
    assert len({data for _, data in made}) > 55


@pytest.mark.parametrize("maker", HARMS, ids=lambda maker: maker.__name__)
def test_what_means_harm_is_refused(maker: Any) -> None:
    for seed in range(10):
        with pytest.raises(UserError, match="rival is refused: "):
            inspect(finished(maker(random.Random(f"harm {seed}"))), "rival")
        if maker.__name__ in ("header", "names", "many"):
            return  # some of these are sound


@pytest.mark.parametrize("maker", SIZES, ids=lambda maker: maker.__name__)
def test_what_goes_for_sizes_is_a_model_that_onnx_can_read(maker: Any) -> None:
    assert tree_of(finished(maker(random.Random(0))))


@pytest.mark.parametrize("kind", dict.fromkeys(KINDS), ids=lambda kind: kind.__name__)
def test_a_heavy_file_passes_the_guard(kind: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("npckit.train.bench.fuzz_heavy.KINDS", [kind])
    monkeypatch.setattr("npckit.train.bench.fuzz_heavy.LARGEST", 2**12)
    facts = inspect(finished(heavy(random.Random(1))), "heavy")
    assert facts.inputs == {"obs": (1, (3,))}


def test_a_tree_of_fields_is_the_file_again() -> None:
    for data in seed_files():
        assert encoded(tree_of(data)) == data
        assert 100 < len(structure(data)) < 2**15  # the weights are left out


def test_a_changed_card_lies_in_a_sound_graph() -> None:
    seeds, texts = seed_files(), set()
    for seed in range(50):
        data = card_changed(random.Random(seed), seeds[0], b"")
        facts = inspect(data, "rival")
        texts.add(facts.metadata[KEY])
    assert len(texts) > 40
    assert sum(_is_card(text) for text in texts) < len(texts) / 2


def _is_card(text: str) -> bool:
    try:
        Card.from_json(text)
    except UserError:
        return False
    return True


def test_a_guard_that_is_wrong_about_a_size_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    policy = PolicyFile.load("pong")
    data = policy.path.read_bytes()
    assert misjudged(policy, data) == ""
    told = fuzz_worker_propagate(policy)
    monkeypatch.setattr("npckit.train.bench.fuzz_worker.propagate", lambda graph, rows: told)
    assert "here, " in misjudged(policy, data)


def fuzz_worker_propagate(policy: PolicyFile) -> list[Any]:
    """What the guard would say if a value were one column wider."""
    from npckit.agents.onnx_bounds import propagate

    steps = list(propagate(policy.facts.graph, 3))
    node, ins, (first, *rest) = steps[0]
    return [(node, ins, [first._replace(shape=(*first.shape[:-1], first.shape[-1] + 1)), *rest]), *steps[1:]]


@pytest.mark.parametrize(
    ("failure", "verdict"),
    [
        (UserError("a\nb"), "sentence"),
        (UserError(""), "sentence"),
        (UserError("x" * 5000), "sentence"),
        (UserError("bad_alloc"), "memory"),
        (MemoryError(), "memory"),
        (RecursionError(), "raised"),
        (UserError("it is refused"), "refused"),
    ],
)
def test_each_fault_has_a_name(failure: Exception, verdict: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise failure

    monkeypatch.setattr("npckit.train.bench.fuzz_worker._open", fail)
    assert judged(b"", peak(), 500)["verdict"] == verdict


DYING = """
import json, os, signal, sys, time
order = json.load(sys.stdin)
for number in range(order["start"], order["stop"]):
    print(json.dumps({"number": number}), flush=True)
    if number == 3: os.kill(os.getpid(), signal.SIGSEGV)
    if number == 5: time.sleep(60)
    told = {"kind": "mutated", "verdict": "loaded", "stage": "", "why": "", "seconds": 0.1, "mib": 1.0}
    print(json.dumps(told), flush=True)
    if number == 6: break
"""


def test_who_crashes_or_hangs_is_told_and_the_rest_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fuzz, "WORKER", [sys.executable, "-c", DYING])
    rows = list(fuzz.outcomes(9, 0, memory=500, hang=3.0))
    assert [row["number"] for row in rows] == list(range(9))
    assert {row["number"]: row["verdict"] for row in rows if row["verdict"] != "loaded"} == {3: "crashed", 5: "hung"}
    assert "SIGSEGV" in rows[3]["why"]


def test_files_that_fail_are_kept_and_the_command_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(fuzz, "WORKER", [sys.executable, "-c", DYING])
    assert cli.main(["bench", "fuzz", "--files", "9", "--hang", "3", "--seconds", "2"]) == 2
    assert "2 of 9 files fail" in capsys.readouterr().err
    kept = Path("bench-fuzz/crashed-0-3.onnx").read_bytes()
    assert kept == file_of(0, 3, seed_files())[1]
    assert json.loads(Path("bench-fuzz.json").read_text())["faults"] == 2


def test_fuzzing_needs_no_torch() -> None:
    code = "import sys, npckit.train.bench.fuzz, npckit.train.bench.fuzz_worker; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
