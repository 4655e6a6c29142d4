"""Reads settings as what they have to be; one that is not ends the program with a sentence.

Empty counts as missing. What may hold a password or a key is never told.
"""

import math
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import environ
from django.core.exceptions import ImproperlyConfigured

_T = TypeVar("_T")
_ON = ("1", "on", "true", "yes", "y", "ok")
_OFF = ("0", "off", "false", "no", "n")
_MOST_TOLD = 80
# Characters of a value.
_DATABASES = ("django.db.backends.sqlite3", "django.db.backends.postgresql")
_DATABASE_URL = "sqlite:////a/file or postgres://user:password@host:5432/database"
LOCAL_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
_KEY_CHARACTERS, _DIFFERENT_CHARACTERS = 50, 5
_EXAMPLE_KEY = "django-insecure-"
# How keys begin that Django makes for a new project, and that may stand in a repository.
_SERVER_URL = "an address such as https://host/v1"


class Environment:
    """The environment, with a `.env` file behind it. Readers raise ImproperlyConfigured."""

    def __init__(self, file: Path) -> None:
        environ.Env.read_env(file)
        self._values = environ.Env.ENVIRON

    def optional(self, name: str) -> str | None:
        """Return a text; None where it is missing."""
        # Not by django-environ, to which a value that begins with $ is another variable's name.
        return str(self._values.get(name, "")).strip() or None

    def text(self, name: str, default: str) -> str:
        return self.optional(name) or default

    def texts(self, name: str, default: Sequence[str] = ()) -> list[str]:
        """Return texts that are separated by commas."""
        value = self.optional(name)
        parts = value.split(",") if value is not None else default
        return [part.strip() for part in parts if part.strip()]

    def choice(self, name: str, choices: Sequence[str], default: str) -> str:
        value = self.text(name, default)
        if value not in choices:
            raise _wrong(name, value, " or ".join(choices))
        return value

    def switch(self, name: str, *, default: bool) -> bool:
        value = self.text(name, "on" if default else "off")
        if value.lower() not in (*_ON, *_OFF):
            raise _wrong(name, value, "on or off")
        return value.lower() in _ON

    def whole(self, name: str, default: int, *, least: int = 0) -> int:
        """Return a whole number of at least *least*."""
        value = self.optional(name)
        needed = f"a whole number, {least} or more"
        return default if value is None else _cast(name, value, needed, int, least.__le__)

    def number(self, name: str, default: float) -> float:
        """Return a number above 0."""
        value = self.optional(name)
        needed = "a number above 0, such as 1.5"
        return default if value is None else _cast(name, value, needed, float, _is_length)

    def dollars(self, name: str) -> Decimal | None:
        """Return an amount that is not negative; None where it is missing."""
        value = self.optional(name)
        needed = "an amount in dollars, such as 0.006"
        return None if value is None else _cast(name, value, needed, Decimal, _is_amount)

    def time_zone(self, name: str, default: str) -> str:
        needed = "a time zone, such as America/New_York"
        return _cast(name, self.text(name, default), needed, ZoneInfo).key

    def key(self, name: str, *, may_be_weak: bool) -> str | None:
        """Return a key of ours that is given; None where it is missing, and one is to be made."""
        value = self.optional(name)
        if value is not None and _is_weak(value) and not may_be_weak:
            raise ImproperlyConfigured(
                f"{name} is too weak for ALLOWED_HOSTS that are not this machine alone; it has to "
                f"be {_KEY_CHARACTERS} characters or more, {_DIFFERENT_CHARACTERS} of them "
                f"different, and not begin with “{_EXAMPLE_KEY}”. Leave it out, and one is made "
                "and kept in DATA_DIR. What it is now is not shown here."
            )
        return value

    def server(self, name: str) -> str | None:
        """Return the address of a server; None where it is missing."""
        value = self.optional(name)
        if value is not None and not _is_server(value):
            raise _unreadable(name, _SERVER_URL)
        return value

    def database(self, name: str, default: str) -> dict[str, Any]:
        """Return a database in Django's form."""
        database = _database(self.text(name, default))
        if database is None:
            raise _unreadable(name, _DATABASE_URL)
        return database


def are_local(hosts: Sequence[str]) -> bool:
    """Say whether all of these names, as ALLOWED_HOSTS has them, are of this machine."""
    names = [host.lower() for host in hosts]
    return all(name in LOCAL_HOSTS or name.endswith(".localhost") for name in names)


def _is_weak(key: str) -> bool:
    """Say whether a key can be guessed; as Django's own check does, which only warns."""
    return (
        len(key) < _KEY_CHARACTERS
        or len(set(key)) < _DIFFERENT_CHARACTERS
        or key.startswith(_EXAMPLE_KEY)
    )


def _cast(
    name: str,
    value: str,
    needed: str,
    cast: Callable[[str], _T],
    fits: Callable[[_T], bool] = lambda _: True,
) -> _T:
    try:
        found = cast(value)
        if fits(found):
            return found
    except (ValueError, ArithmeticError, KeyError, OSError):
        pass
    raise _wrong(name, value, needed)


def _is_length(number: float) -> bool:
    return 0 < number < math.inf


def _is_amount(usd: Decimal) -> bool:
    return usd.is_finite() and usd >= 0


def _is_server(value: str) -> bool:
    try:
        parts = urlsplit(value)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _database(url: str) -> dict[str, Any] | None:
    """Return it in Django's form; None where it cannot be read."""
    scheme, _, rest = url.partition("://")
    if environ.Env.DB_SCHEMES.get(scheme) not in _DATABASES:
        return None  # which django-environ would tell, with its password
    if scheme == "sqlite" and not rest.startswith("/"):
        return None  # of which it would take a part for the name of a host
    try:
        found: dict[str, Any] = environ.Env.db_url_config(url)
    except ValueError:
        return None
    return found if found["NAME"] or found.get("OPTIONS") else None


def _wrong(name: str, value: str, needed: str) -> ImproperlyConfigured:
    told = value if len(value) <= _MOST_TOLD else f"{value[:_MOST_TOLD]}…"
    return ImproperlyConfigured(f"{name} is “{told}”; it has to be {needed}.")


def _unreadable(name: str, needed: str) -> ImproperlyConfigured:
    return ImproperlyConfigured(
        f"{name} cannot be read; it has to be {needed}. What it is now is not shown here: "
        "it may hold a password."
    )
