"""The package list: the repository root is `npckit`, so a new title or part needs no edit (pyproject.toml has the rest)."""

from setuptools import find_namespace_packages, setup
from setuptools.command.build_py import build_py

PARTS = [name for part in ("games", "envs", "agents", "playback", "train") for name in (part, f"{part}.*")]
DATA = ["*.md", "*.json", "*.toml", "*.onnx"]


class Build(build_py):
    """Leaves this very file out of the package, in whose folder it lies."""

    def find_package_modules(self, package, package_dir):
        return [module for module in super().find_package_modules(package, package_dir) if module[1] != "setup"]


packages = [f"npckit.{name}" for name in find_namespace_packages(include=PARTS, exclude=["*__pycache__*"])]
setup(
    cmdclass={"build_py": Build},
    package_dir={"npckit": "."},
    packages=["npckit", *packages],
    package_data={"npckit": ["py.typed"], **dict.fromkeys(packages, DATA)},
)
