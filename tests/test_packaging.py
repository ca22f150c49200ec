"""The wheel: complete, and at home in an empty environment outside the checkout. Needs pip and its index; skips without."""

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import npckit
import pytest

ROOT = Path(npckit.__file__).parent
LANTERN = ROOT / "tests" / "titles" / "lantern"
IGNORED = (".git", ".venv", "runs", "demo", "build", "*.egg-info", "__pycache__", ".*_cache", ".hypothesis")
pytestmark = pytest.mark.slow


def _run(*command, cwd, check=True, **env):
    environment = {**os.environ, "SDL_VIDEODRIVER": "dummy", "SDL_AUDIODRIVER": "dummy", **env}
    done = subprocess.run([*map(str, command)], cwd=cwd, env=environment, capture_output=True, text=True)
    assert not check or done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done


def _pip(python, *args, cwd):
    done = _run(python, "-m", "pip", *args, cwd=cwd, check=False)
    if "No matching distribution" in done.stderr or "Could not connect" in done.stderr:
        pytest.skip("pip reaches no package index here")
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Built from a copy of the checkout into which a title was put; nothing else was edited."""
    folder = tmp_path_factory.mktemp("wheel")
    shutil.copytree(ROOT, folder / "source", ignore=shutil.ignore_patterns(*IGNORED))
    shutil.copytree(LANTERN, folder / "source" / "games" / "lantern", ignore=shutil.ignore_patterns("__pycache__"))
    _pip(sys.executable, "wheel", "--no-deps", "--wheel-dir", folder, folder / "source", cwd=folder)
    return next(folder.glob("*.whl"))


def _environment(folder, wheel, extra):
    _run(sys.executable, "-m", "venv", folder / "venv", cwd=folder)
    python = folder / "venv" / "bin" / "python"
    _pip(python, "install", "--constraint", ROOT / "constraints.txt", f"{wheel}{extra}", cwd=folder)
    return python


@pytest.fixture(scope="module")
def base(wheel, tmp_path_factory):
    """A Python that has the base install alone."""
    return _environment(tmp_path_factory.mktemp("base"), wheel, "")


@pytest.fixture(scope="module")
def full(wheel, tmp_path_factory):
    """A Python that has everything for training."""
    return _environment(tmp_path_factory.mktemp("full"), wheel, "[train]")


def test_the_wheel_carries_every_part_and_the_new_title_and_no_tests(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    wanted = {
        "cli.py",
        "py.typed",
        "agents/npc.py",
        "agents/zoo/pong.onnx",
        "games/pong/card.md",
        "games/pong/golden.json",
    }
    wanted |= {f"games/pong/presets/{path.name}" for path in (ROOT / "games/pong/presets").glob("*.toml")}
    wanted |= {"games/lantern/rules.py", "games/lantern/golden.json"}
    assert {f"npckit/{name}" for name in wanted} <= names
    assert not [name for name in names if name.startswith(("npckit/tests", "npckit/examples", "npckit/setup", "tests"))]


def code_blocks(document):
    return re.findall(r"^```python\n(.*?)^```", (ROOT / document).read_text(), re.MULTILINE | re.DOTALL)


PLAY_THE_RIVAL = """
import sys
import numpy as np
from npckit.agents.npc import Npc
assert not {name for name in ("torch", "numba", "gymnasium", "pygame") if name in sys.modules}
from npckit.games import registry
from npckit.games.batch import Batch
from npckit.games.observation import Observer, ObsSpec

npc, game = Npc.load("pong"), registry.load("pong")
batch = Batch(game, mode="interpreted")
batch.reset(1)
eyes = Observer(batch, ObsSpec(npc.card.observation.kind, 1), np.zeros(1, np.int32), np.zeros(1, np.int32))
while batch.running[0]:
    batch.step(np.array([[npc.tick(lambda: eyes.observe()[0]), 0]]), ticks=1)
print("score", batch.returns[0, 0])
"""


def test_the_base_install_runs_the_lines_of_the_readme(base, tmp_path):
    (code,) = [block for block in code_blocks("README.md") if "Npc" in block]
    said = _run(base, "-c", f"{code}\nprint(action)", cwd=tmp_path).stdout
    assert said.strip() in ("stay", "up", "down")


def test_the_base_install_plays_the_shipped_rival(base, tmp_path):
    for missing in ("torch", "numba", "gymnasium", "pygame"):
        assert _run(base, "-c", f"import {missing}", cwd=tmp_path, check=False).returncode != 0
    said = _run(base, "-c", PLAY_THE_RIVAL, cwd=tmp_path).stdout
    assert float(said.split()[-1]) == 5.0  # the other paddle never moves


@pytest.mark.parametrize(
    ("code", "extra"),
    [
        ("import npckit.envs", "envs"),
        ("from npckit.games import batch, registry\nbatch.Batch(registry.load('pong')).reset()", "play"),
    ],
)
def test_the_base_install_names_the_extra_that_is_missing(base, tmp_path, code, extra):
    done = _run(base, "-c", code, cwd=tmp_path, check=False)
    assert f"pip install 'npckit[{extra}]'" in done.stderr


def test_the_base_installs_command_names_the_extra_and_exits_with_2(base, tmp_path):
    done = _run(base.parent / "npckit", "play", "pong", cwd=tmp_path, check=False)
    assert done.returncode == 2 and "pip install 'npckit[play]'" in done.stderr


def test_the_wheel_plays_watches_trains_and_knows_the_new_title(full, tmp_path):
    npckit_command = full.parent / "npckit"
    assert "lantern" in _run(npckit_command, "games", cwd=tmp_path).stdout
    assert "keeps the contract" in _run(npckit_command, "check", "lantern", cwd=tmp_path).stdout
    _run(npckit_command, "record", "pong", "pong", "hard", "--out", "match.mp4", "--speed", "10", cwd=tmp_path)
    assert (tmp_path / "match.mp4").stat().st_size > 1000
    for title in ("pong", "lantern"):
        _run(npckit_command, "train", title, "--total-samples", "4096", "--out", f"run-{title}", cwd=tmp_path)
        assert (tmp_path / f"run-{title}" / "policy.onnx").is_file()
    assert "pong" in _run(npckit_command, "card", "run-pong/policy.onnx", cwd=tmp_path).stdout
