"""The one exception a user is meant to read: a sentence that says what is wrong and what to do."""


class UserError(ValueError):
    """The caller's fault, told in one sentence with the fix; the command line prints it and exits with 2."""


def plain(text: object, most: int = 200) -> str:
    """What a file says of itself, fit for one line of a terminal: what cannot be printed is escaped, what is long is cut.

    >>> plain("a\\x1b[2J\\nb")
    'a\\\\x1b[2J\\\\nb'
    """
    told = str(text)
    cut = told if len(told) <= most else f"{told[:most]}..."
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in cut)


def missing_extra(package: str, extra: str) -> UserError:
    """The sentence for an import that an extra would have installed.

    >>> str(missing_extra("pygame", "play"))
    "pygame is not installed; run: pip install 'npckit[play]'"
    """
    return UserError(f"{package} is not installed; run: pip install 'npckit[{extra}]'")


class Diverged(UserError):
    """A number that learning needs is not finite any more; the sentence names it and what to lower."""
