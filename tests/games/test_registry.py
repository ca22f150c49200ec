"""Titles are found, wherever they are."""

import os
import shutil
import subprocess
import sys
from importlib.metadata import EntryPoint

import pytest
from npckit.errors import UserError
from npckit.games import registry


def test_pong_is_there():
    assert "pong" in registry.names() and registry.load("pong").name == "pong"


def test_a_folder_outside_the_package_loads(lantern):
    assert lantern.name == "lantern" and lantern.spec.max_seats == 4


def test_copies_of_a_title_in_two_folders_are_two_titles(lantern, tmp_path):
    copy = shutil.copytree(registry.folder_of(lantern), tmp_path / "lantern")
    assert registry.load(copy) is not lantern


def test_an_entry_point_of_another_package_is_a_title(lantern, monkeypatch):
    entry = EntryPoint("torch_bearer", "npckit.games.pong:GAME", registry.GROUP)
    monkeypatch.setattr(registry, "entry_points", lambda group: [entry])
    assert "torch_bearer" in registry.names()
    assert registry._load_name.__wrapped__("torch_bearer") is registry.load("pong")


def test_an_unknown_title_is_told_what_there_is():
    with pytest.raises(UserError, match=r"there is no title 'pogn'; the titles are .*pong"):
        registry.load("pogn")


@pytest.mark.parametrize(
    ("source", "sentence"),
    [(None, "has no __init__"), ("1 / 0", "could not be imported: ZeroDivision"), ("x = 1", "defines no GAME")],
)
def test_a_folder_that_is_no_title_says_why(tmp_path, source, sentence):
    if source:
        (tmp_path / "__init__.py").write_text(source)
    with pytest.raises(UserError, match=sentence):
        registry.load(tmp_path)


def test_compiled_rules_are_found_again_by_the_next_process_and_not_after_an_edit(lantern, tmp_path):
    folder = shutil.copytree(registry.folder_of(lantern), tmp_path / "lantern")
    first, second = _run_title(folder, tmp_path), _run_title(folder, tmp_path)
    rules = folder / "rules.py"
    rules.write_text(rules.read_text().replace("SIGHT = 4", "SIGHT = 5").replace("x[seat] = 0 if", "x[seat] = 1 if"))
    third = _run_title(folder, tmp_path)
    assert "compiling" in first.stderr and "compiling" not in second.stderr and "compiling" in third.stderr
    assert first.stdout == second.stdout != third.stdout


def _run_title(folder, cache):
    code = f"from npckit.games import registry, batch; b = batch.Batch(registry.load({str(folder)!r})); b.reset(0); print(b.hash())"
    env = {**os.environ, "NPCKIT_CACHE": str(cache / "cache")}
    return subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)


def test_a_folder_that_happens_to_bear_a_titles_name_is_not_in_its_way(tmp_path, monkeypatch):
    (tmp_path / "pong").mkdir()
    monkeypatch.chdir(tmp_path)
    assert registry.load("pong").name == "pong"
    with pytest.raises(UserError, match="is no title"):
        registry.load("./pong")
