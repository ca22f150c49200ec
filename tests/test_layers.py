"""The walls of the house: who may import whom (the table is DESIGN's)."""

import ast
import subprocess
import sys
from pathlib import Path

import npckit
import pytest

ROOT = Path(npckit.__file__).parent
MAY_IMPORT = {
    "games": {"games"},
    "agents": {"games", "agents"},
    "agents/learners": {"games", "agents", "envs"},
    "envs": {"games", "agents", "envs"},
    "playback": {"games", "agents", "playback"},
    "train": {"games", "agents", "envs", "playback", "train"},
}
THIRD_PARTY = {
    "games": {"numpy", "numba"},
    "agents": {"numpy", "onnxruntime"},
    "envs": {"numpy", "gymnasium", "pettingzoo"},
    "playback": {"numpy", "pygame", "imageio_ffmpeg", "PIL"},
}
COMMANDS = {"commands.py"}  # what the command line calls may draw tables and read flags
EXCEPTIONS = {
    ("envs/rendering.py", "playback"),
    ("envs/sb3_env.py", "stable_baselines3"),
    ("envs/gym_env.py", "pygame"),
    ("agents/ratings.py", "openskill"),
}


def _sources():
    for part in ("games", "agents", "envs", "playback", "train"):
        yield from sorted((ROOT / part).rglob("*.py"))


def _imports(path):
    """(first part inside npckit or None, first name outside or None) of every import of a file."""
    package = path.relative_to(ROOT).parent.parts
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.level:
            inside = (*package[: len(package) - node.level + 1], *(node.module or "").split("."))
            for name in [inside] if inside[0] else [(alias.name,) for alias in node.names]:
                yield name[0], None
        elif isinstance(node, (ast.ImportFrom, ast.Import)):
            modules = [node.module] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
            for module in modules:
                first, *rest = module.split(".")
                yield (rest[0] if rest else "", None) if first == "npckit" else (None, first)


def _layer(path):
    parts = path.relative_to(ROOT).parts
    return "agents/learners" if parts[:2] == ("agents", "learners") else parts[0]


@pytest.mark.parametrize("path", [*_sources()], ids=lambda path: str(path.relative_to(ROOT)))
def test_a_part_imports_only_what_lies_below_it(path):
    layer, name = _layer(path), str(path.relative_to(ROOT))
    for inside, outside in _imports(path):
        if inside in ("games", "agents", "envs", "playback", "train"):
            assert inside in MAY_IMPORT[layer] or (name, inside) in EXCEPTIONS, f"{name} imports {inside}"
        if outside and layer in THIRD_PARTY and outside not in sys.stdlib_module_names and path.name not in COMMANDS:
            allowed = outside in THIRD_PARTY[layer] or (name, outside) in EXCEPTIONS
            assert allowed, f"{name} imports {outside}"


@pytest.mark.parametrize("path", [*_sources()], ids=lambda path: str(path.relative_to(ROOT)))
def test_no_file_outside_a_titles_folder_knows_its_name(path):
    titles = {folder.parent.name for folder in (ROOT / "games").glob("*/rules.py")}
    if path.relative_to(ROOT).parts[:2] in {("games", title) for title in titles}:
        return
    tree = ast.parse(path.read_text())
    docs = {
        id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    strings = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in docs}
    assert not titles & {text for text in strings if isinstance(text, str)}


def _loaded(code):
    """Top-level third-party packages in `sys.modules` after some code ran in a process of its own."""
    code += "\nimport sys; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    bare = subprocess.run(
        [sys.executable, "-c", "import sys; print(*sys.modules)"], capture_output=True, text=True, check=True
    )
    known = sys.stdlib_module_names | {name.split(".")[0] for name in bare.stdout.split()} | {"npckit"}
    return {name for name in out if name not in known and not name.startswith("_")}


def test_the_npc_runtime_loads_nothing_but_numpy_and_onnxruntime():
    assert _loaded("import npckit.agents.npc") <= {"numpy", "onnxruntime"}


def test_an_adaptive_opponent_needs_no_more_than_the_npc_runtime():
    assert _loaded("import npckit.agents.adaptive, npckit.agents.profile") <= {"numpy", "onnxruntime"}


def test_importing_the_package_loads_nothing():
    assert _loaded("import npckit") == set()


def test_rules_run_interpreted_without_numba():
    code = "import sys; sys.modules['numba'] = None\nfrom npckit.games import batch, registry\n"
    code += "b = batch.Batch(registry.load('pong'), mode='interpreted'); b.reset(0)"
    assert _loaded(code) <= {"numpy", "numba"}
