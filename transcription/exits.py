"""How commands end: the contract's exit codes, and the sentence that goes with a failure."""

from enum import IntEnum

from django.core.management.base import CommandError


class Exit(IntEnum):
    """The contract's exit codes."""

    COMPLETE = 0
    WRONG_USAGE = 2
    REFUSED = 3
    FAILED = 4
    WITH_GAPS = 5
    PAUSED = 6
    INTERRUPTED = 130


def failure(message: str, code: Exit) -> CommandError:
    """Return the error that ends the command with *code*."""
    return CommandError(message, returncode=int(code))


def database_sentence(error: Exception) -> str:
    """Return why the database could not be used, and what to do."""
    if "no such table" in str(error) or "does not exist" in str(error):
        return "The database is not set up. Run “manage.py migrate” first."
    return f"The database did not answer: {error}"
