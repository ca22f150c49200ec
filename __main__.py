"""`python -m npckit` is the command `npckit`."""

from .cli import main

raise SystemExit(main())
