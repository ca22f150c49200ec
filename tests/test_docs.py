"""What README, CONTRIBUTING and docs tell is true: their code and examples run, their bounds are those of the code."""

import re
from pathlib import Path

import npckit
import pytest
from npckit.agents import card, onnx_bounds, onnx_graph, onnx_guard, onnx_wire, policy_file
from npckit.agents.match import Match
from npckit.agents.seats import agent_named
from npckit.games import golden, registry
from npckit.games.check import check_game

ROOT = Path(npckit.__file__).parent


def _blocks(document):
    return re.findall(r"^```python\n(.*?)^```", (ROOT / document).read_text(), re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def catch(tmp_path_factory):
    """The title that CONTRIBUTING.md builds, made of its code blocks."""
    folder = tmp_path_factory.mktemp("titles") / "catch"
    folder.mkdir()
    for name, code in zip(("rules.py", "bots.py", "__init__.py"), _blocks("CONTRIBUTING.md"), strict=True):
        (folder / name).write_text(code)
    return registry.load(folder)


def test_the_title_that_contributing_builds_keeps_the_contract(catch):
    assert check_game(catch) == []
    golden.write(catch)
    assert golden.differences(catch, "interpreted") == []


def test_its_bots_are_of_rising_strength(catch):
    scores = [
        Match(catch, [agent_named(n, catch)], num_games=200).play().scores.mean() for n in ("random", "easy", "hard")
    ]
    assert scores[0] < scores[1] < scores[2] and scores[2] > 9


@pytest.mark.parametrize(
    ("document", "code"),
    [
        pytest.param(document, code, id=f"{document}: {code.splitlines()[0]}")
        for document in ("README.md", "docs/your-game.md")
        for code in _blocks(document)
    ],
)
def test_the_code_of_a_document_runs(document, code, tmp_path, monkeypatch):
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    exec(compile(code, document, "exec"), {"__name__": "readme"})


def test_every_example_that_the_guide_names_is_run_by_a_test():
    named = set(re.findall(r"^python (\S+)", (ROOT / "docs/your-game.md").read_text(), re.MULTILINE))
    run = "".join(test.read_text() for test in (ROOT / "tests" / "examples").glob("test_*.py"))
    assert len(named) == 5
    for script in named:
        place = "" if "/" in script else "examples/browser/"
        assert (ROOT / place / script).is_file() and Path(script).name in run


def test_the_bounds_that_docs_tell_are_those_of_the_code():
    told = (ROOT / "docs" / "security.md").read_text()
    rows = dict(re.findall(r"^\| (.*?) \| (.*?) \|$", told, re.MULTILINE))
    mib = 2**20
    assert rows["the file"] == f"{onnx_guard.MAX_FILE // mib} MiB"
    assert rows["protobuf fields, and numbers in packed lists"] == f"{onnx_wire.MAX_FIELDS:,}"
    assert rows["text in the file; one text"] == f"{onnx_wire.MAX_TEXTS // mib} MiB; {onnx_wire.MAX_TEXT // mib} MiB"
    assert rows["the card"] == f"{card.MAX_TEXT:,} characters, {card.MAX_DEPTH} lists or objects in each other"
    assert rows["nodes; constant tensors"] == f"{onnx_graph.MAX_NODES:,}; {onnx_graph.MAX_TENSORS:,}"
    assert rows["inputs and outputs of one node; of all nodes"] == f"{onnx_graph.MAX_FAN}; {onnx_graph.MAX_LINKS:,}"
    assert rows["axes; elements of a tensor"] == f"{onnx_graph.MAX_RANK}; {onnx_graph.MAX_ELEMENTS:,}"
    assert rows["memory of a call: its inputs and every value it computes"] == f"{onnx_bounds.MAX_BYTES // mib} MiB"
    assert rows["copies of weights that kernels keep"] == f"{onnx_bounds.MAX_WEIGHTS // mib} MiB"
    assert rows["inputs and outputs of one row"] == f"{onnx_bounds.MAX_ROW // mib} MiB"
    assert rows["work for one row"] == f"{onnx_bounds.MAX_WORK:,}, about nanoseconds"
    assert rows["rows of one call of onnxruntime; more run in turn"].startswith(f"{policy_file.MAX_ROWS:,}, ")
