"""The shipped rivals in a browser: onnxruntime-web decides as `Npc` does, and the page's pong is npckit's. Needs Chromium and npm."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

PAGE = Path(__file__).parents[2] / "examples" / "browser"
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Of the page, as a newcomer serves it: copied, `npm install`, `python serve.py`."""
    if not shutil.which("npm"):
        pytest.skip("needs onnxruntime-web: apt-get install npm")
    folder = tmp_path_factory.mktemp("page") / "browser"
    shutil.copytree(PAGE, folder, ignore=shutil.ignore_patterns("node_modules", "__pycache__"))
    done = subprocess.run(["npm", "install"], cwd=folder, capture_output=True, text=True)
    if done.returncode and any(sign in done.stderr for sign in ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "network")):
        pytest.skip("npm reaches no registry here")
    assert done.returncode == 0, done.stderr
    server = subprocess.Popen(
        [sys.executable, "serve.py", "--port", "0"], cwd=folder, stdout=subprocess.PIPE, text=True
    )
    assert server.stdout is not None
    yield server.stdout.readline().split()[0]
    server.terminate()
    server.communicate()


@pytest.fixture(scope="module")
def told(address: str, browser: Any) -> dict[str, Any]:
    """What the page writes down in its self-test."""
    browser.open(f"{address}?selftest")
    assert browser.wait_for("document.body.dataset.done") == "selftest", browser.ask("document.body.innerText")
    return json.loads(browser.ask("document.getElementById('selftest').textContent"))


def test_every_learners_policy_decides_in_the_browser_as_in_python(told: dict[str, Any]) -> None:
    policies = told["policies"].values()
    assert {each["algorithm"] for each in policies} == {"ppo", "recurrent-ppo", "dqn", "recurrent-dqn"}
    for each in policies:
        assert each["decisions"] >= 30 and each["episodes"] >= 2
        assert each["otherActions"] == 0 and each["worst"] < 1e-4
        assert each["sameCard"]


def test_the_pages_pong_is_npckits_bit_by_bit(told: dict[str, Any]) -> None:
    for match in told["pong"]:
        assert match["decisions"] > 100 and match["over"] and match["sameScore"]
        assert match["others"] == 0


def test_the_rival_beats_a_script_in_the_browser(told: dict[str, Any]) -> None:
    match = told["match"]
    assert match["wins"] == match["matches"] and match["points"][1] > 3 * match["points"][0]


def test_a_person_takes_the_left_paddle_with_a_key(address: str, browser: Any) -> None:
    browser.open(address)
    browser.wait_for("document.body.dataset.score")
    assert browser.ask("document.getElementById('left').textContent") == "A script"
    browser.key("keyDown", "KeyW")
    browser.wait_for("document.body.dataset.score && document.body.dataset.score != '0:0'")  # up there it misses
    assert browser.ask("document.getElementById('left').textContent") == "You"
    assert browser.ask("document.body.dataset.score").startswith("0:")
    browser.key("keyUp", "KeyW")
    assert browser.screenshot().startswith(b"\x89PNG")
