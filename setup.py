"""The package list: the repository root is `npckit`, so a new title or part needs no edit (pyproject.toml has the rest)."""

from setuptools import find_namespace_packages, setup

PARTS = [name for part in ("games", "envs", "agents", "playback", "train") for name in (part, f"{part}.*")]
DATA = ["*.md", "*.json", "*.toml", "*.onnx"]
packages = [f"npckit.{name}" for name in find_namespace_packages(include=PARTS, exclude=["*__pycache__*"])]
setup(
    package_dir={"npckit": "."},
    packages=["npckit", *packages],
    package_data={"npckit": ["py.typed"], **dict.fromkeys(packages, DATA)},
)
