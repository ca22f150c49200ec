"""What a title's `card.md` says: how it goes, and a table of facts. People read it on the title screen."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from .contract import Game
from .registry import folder_of


@dataclass(frozen=True)
class TitleCard:
    """`rules` in plain words, one paragraph; `facts` of the first table: "keys", "seats", "score" and so on."""

    rules: str = ""
    facts: dict[str, str] = field(default_factory=dict)


def title_card(game: Game) -> TitleCard:
    """The card of a title; an empty one where there is none."""
    path = folder_of(game) / "card.md"
    return parse_card(path.read_text()) if path.is_file() else TitleCard()


def parse_card(text: str) -> TitleCard:
    """The rules are the second paragraph below the heading, after what the title is and where it comes from.

    >>> parse_card("# Catch\\n\\nFruit falls.\\n\\nCatch it\\nall.\\n\\n| | |\\n|---|---|\\n| keys | left, right |\\n")
    TitleCard(rules='Catch it all.', facts={'keys': 'left, right'})
    """
    blocks = [" ".join(block.split()) for block in text.split("\n\n")]
    words = [block for block in blocks if block and block[0] not in "#|`-"]
    table = next((block for block in text.split("\n\n") if block.startswith("| | |")), "")
    rows = re.findall(r"^\| *(\w[^|]*?) *\| *([^|]+?) *\|$", table, re.MULTILINE)
    return TitleCard(re.sub(r"[*`]", "", words[1]) if len(words) > 1 else "", dict(rows))
