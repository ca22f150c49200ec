"""pygame-ce, imported in one place: quietly, and with a sentence where it is missing.

Nothing in npckit calls `pygame.init()` or `pygame.quit()`: both are process-global and may belong to somebody else's game.
"""

import os

from ..errors import missing_extra

os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
try:
    import pygame
except ImportError:
    raise missing_extra("pygame", "play") from None

__all__ = ["pygame"]
