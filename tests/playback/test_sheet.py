"""The sheet of all titles."""

import numpy as np
import pytest
from npckit.errors import UserError
from npckit.playback.commands import sheet
from npckit.playback.sheet import GAP, TILE, in_the_middle


def test_the_sheet_shows_every_title_that_is_named(tmp_path, capsys):
    from PIL import Image

    sheet(("pong", "flappy"), out=tmp_path / "titles.png")
    assert "2 titles" in capsys.readouterr().out
    picture = np.asarray(Image.open(tmp_path / "titles.png"))
    assert picture.shape == (TILE[1] + 2 * GAP, 2 * (TILE[0] + GAP) + GAP, 3)
    halves = picture[:, : picture.shape[1] // 2], picture[:, picture.shape[1] // 2 :]
    assert all(len(np.unique(half.reshape(-1, 3), axis=0)) > 20 for half in halves)
    assert (tmp_path / "titles.png").stat().st_size < 1_000_000


def test_a_picture_is_of_real_play_in_the_middle_of_a_match(title):
    session, _ = in_the_middle(title, seed=1)
    assert session.match.tick > 0
    again, _ = in_the_middle(title, seed=1)
    assert np.array_equal(session.now, again.now)


def test_a_sheet_is_a_png(tmp_path):
    with pytest.raises(UserError, match=r"\.png"):
        sheet(("pong",), out=tmp_path / "titles.jpg")
