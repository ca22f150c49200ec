"""What README, CONTRIBUTING and the guide tell is true: their code runs, and tests run the examples that they name."""

import re
from pathlib import Path

import npckit
import pytest
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
