"""The one exception a user is meant to read: a sentence that says what is wrong and what to do."""


class UserError(ValueError):
    """The caller's fault, told in one sentence with the fix; the command line prints it and exits with 2."""


def missing_extra(package: str, extra: str) -> UserError:
    """The sentence for an import that an extra would have installed.

    >>> str(missing_extra("pygame", "play"))
    "pygame is not installed; run: pip install 'npckit[play]'"
    """
    return UserError(f"{package} is not installed; run: pip install 'npckit[{extra}]'")


class Diverged(UserError):
    """A number that learning needs is not finite any more; the sentence names it and what to lower."""
