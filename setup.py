"""The package list: the repository root is `npckit`, so a new title or part needs no edit (see pyproject.toml for the rest)."""

from setuptools import find_packages, setup

PARTS = [name for part in ("games", "envs", "agents", "playback", "train") for name in (part, f"{part}.*")]
DATA = ["*.md", "*.json", "*.toml", "*.onnx", "presets/*.toml"]
packages = [f"npckit.{name}" for name in find_packages(include=PARTS)]
setup(
    package_dir={"npckit": "."},
    packages=["npckit", *packages],
    package_data={"npckit": ["py.typed"], **dict.fromkeys(packages, DATA)},
)
