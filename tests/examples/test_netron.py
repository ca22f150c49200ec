"""A policy file opens in Netron (https://netron.app): its graph is drawn, and its card can be read there. Needs Chromium."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import netron
import onnx
import pytest
from npckit.agents.policy_file import shipped

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
SHOWN = ["pong", "tanks", "flappy_dqn", "pong_recurrent_dqn", "invaders_planes"]  # every learner, and a CNN
DRAWN = "[...document.querySelectorAll('.node-item-type > text')].map(each => each.textContent)"
TOLD = "document.getElementById('sidebar-content').innerText"


@pytest.fixture
def serve() -> Iterator[Callable[[str], str]]:
    """Gives the address where Netron shows a file."""

    def start(path: str) -> str:
        host, port = netron.start(path, browse=False)
        return f"http://{host}:{port}"

    yield start
    netron.stop()


@pytest.mark.parametrize("name", SHOWN)
def test_a_rivals_file_opens_in_netron(name: str, serve: Callable[[str], str], browser: Any) -> None:
    path = shipped()[name]
    address = serve(str(path))
    # else a question about cookies comes first
    browser.send("Network.setCookie", name="consent", value="1", url=address)
    browser.open(address)
    browser.wait_for("document.body.classList.contains('default')")  # no longer welcoming, nor loading
    operators = [node.op_type for node in onnx.load(path).graph.node if node.op_type != "Constant"]
    assert Counter(browser.ask(DRAWN)) == Counter(operators)
    browser.ask("document.getElementById('sidebar-model-button').click()")
    assert f'"game": "{name.partition("_")[0]}"' in browser.wait_for(TOLD)
