"""The command in a real X server, driven by real keys, judged by screenshots."""

import io
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from npckit.games import registry
from npckit.games.contract import keys_of
from npckit.games.frame import SELF
from npckit.games.replay import Replay
from npckit.playback.palette import colours

NPCKIT = Path(sys.executable).with_name("npckit")
PACKAGES = {"Xvfb": "xvfb", "xdotool": "xdotool", "import": "imagemagick"}
MISSING = " ".join(package for tool, package in PACKAGES.items() if not shutil.which(tool))
NEEDED = f"needs a virtual display: apt-get install {MISSING}"
KEYS = {"up": "Up", "down": "Down", "left": "Left", "right": "Right", "return": "Return"}  # as X names them
pytestmark = [pytest.mark.timeout(120), pytest.mark.skipif(bool(MISSING), reason=NEEDED)]


class Desktop:
    """An X server with one program in it."""

    def __init__(self, display, folder):
        self.display, self.folder = display, folder
        bare = {name: value for name, value in os.environ.items() if name != "SDL_VIDEODRIVER"}
        self.env = {**bare, "DISPLAY": display}

    def start(self, *arguments):
        self.program = subprocess.Popen(
            [NPCKIT, *arguments],
            cwd=self.folder,
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.wait_for(lambda: self.screenshot().any())

    def key(self, verb, *keys):
        subprocess.run(["xdotool", verb, *keys], env=self.env, check=True)

    def screenshot(self):
        """(h, w, 3) uint8 of the whole screen."""
        from PIL import Image

        png = subprocess.run(
            ["import", "-window", "root", "png:-"], env=self.env, capture_output=True, check=True
        ).stdout
        return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)

    def paddle(self, ink):
        """The middle height in pixels of what is painted in an ink, in the field; -1 when there is none."""
        same = (np.abs(self.screenshot() - colours().inks[ink]).max(axis=2) <= 2)[120:]  # below names and points
        return float(np.nonzero(same.any(axis=1))[0].mean()) if same.any() else -1.0

    def has_banner(self):
        """Whether a banner covers the middle of the field, where nothing so wide is ever painted."""
        return bool((self.screenshot()[445:455, 300:500] != colours().field).any(axis=2).all())

    def wait_for(self, condition):
        """Until it holds; the timeout of the tests ends a wait in vain."""
        while not condition():
            assert self.program.poll() is None, self.program.communicate()[1]
            time.sleep(0.05)


@pytest.fixture
def desktop(tmp_path):
    reader, writer = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writer), "-screen", "0", "1280x900x24", "-nolisten", "tcp"],
        pass_fds=[writer],
        stderr=subprocess.DEVNULL,
    )
    os.close(writer)
    with os.fdopen(reader) as pipe:
        made = Desktop(f":{pipe.readline().strip()}", tmp_path)
    yield made
    if made.program.poll() is None:
        made.program.kill()
    made.program.communicate()
    server.terminate()
    server.wait()


def test_a_person_plays_pauses_looks_restarts_and_quits(desktop):
    desktop.start("play", "pong", "--against", "easy", "--seed", "3", "--replay", "match.replay", "--speed", "0.25")
    desktop.key("key", "Down")  # any key: the banner goes, the match begins
    desktop.wait_for(lambda: not desktop.has_banner() and desktop.paddle(SELF) > 0)
    middle = desktop.paddle(SELF)

    desktop.key("keydown", "Up")
    desktop.wait_for(lambda: desktop.paddle(SELF) < middle - 100)
    desktop.key("keyup", "Up")

    desktop.key("key", "p")
    desktop.wait_for(desktop.has_banner)
    paused = desktop.screenshot()
    desktop.key("key", "F1")
    desktop.wait_for(lambda: not np.array_equal(desktop.screenshot(), paused))
    desktop.key("key", "F1", "F1")  # the other seat, and off
    desktop.wait_for(lambda: np.array_equal(desktop.screenshot(), paused))
    desktop.key("key", "p")
    desktop.wait_for(lambda: not desktop.has_banner())

    desktop.key("key", "r")
    desktop.wait_for(lambda: abs(desktop.paddle(SELF) - middle) < 20)
    desktop.key("key", "Escape")
    out, err = desktop.program.communicate()
    assert desktop.program.returncode == 0, err
    assert "saved match.replay" in out
    assert Replay.load(desktop.folder / "match.replay").players == ("You", "easy")


def test_a_watched_agent_yields_its_seat_to_a_key(desktop):
    desktop.start("watch", "pong", "hard", "hard", "--seed", "3", "--speed", "0.5")
    desktop.key("keydown", "w")
    desktop.wait_for(lambda: 0 <= desktop.paddle(SELF) < 80)  # at the top, where the bot has no business
    desktop.key("keyup", "w")
    desktop.key("key", "Escape")
    assert desktop.program.wait() == 0


def test_every_title_opens_and_is_played_with_its_keys(desktop, title):
    """The title screen, then play against its bots with every key in turn, then pause, and a way out."""
    shipped = title.name in registry.names()
    desktop.start("play", title.name if shipped else str(registry.folder_of(title)), "--seed", "3")
    screen = desktop.screenshot()
    desktop.key("key", "Return")
    desktop.wait_for(lambda: (desktop.screenshot() != screen).mean() > 0.02)
    for chord in title.spec.keys.values():
        keys = [KEYS.get(key, key) for key in keys_of(chord)]
        desktop.key("key", "r")  # who plays badly may have lost already
        before = desktop.screenshot()
        desktop.key("keydown", *keys)
        desktop.wait_for(lambda before=before: (desktop.screenshot() != before).any())
        desktop.key("keyup", *keys)
    desktop.key("key", "F1")
    time.sleep(0.3)
    desktop.key("key", "m", "Escape")
    _, err = desktop.program.communicate()
    assert desktop.program.returncode == 0, err
