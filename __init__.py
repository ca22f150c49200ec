"""npckit turns small pygame titles into rivals: one set of rules to play, to train on and to ship as an NPC."""

__version__ = "0.1.0"
