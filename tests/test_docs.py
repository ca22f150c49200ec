"""What README and CONTRIBUTING tell is true: their code runs."""

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


@pytest.mark.parametrize("code", [pytest.param(code, id=code.splitlines()[0]) for code in _blocks("README.md")])
def test_the_code_of_the_readme_runs(code, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "README.md", "exec"), {"__name__": "readme"})
