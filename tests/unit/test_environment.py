"""Settings are what they have to be, or one sentence says which is not, without its secrets."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from senate_audio.environment import Environment, are_local
from senate_audio.kept_secret import kept_secret

NAME = "A_SETTING_OF_THIS_TEST"
READERS: dict[str, tuple[str, dict[str, Any]]] = {
    "whole": ("whole", {"default": 5, "least": 1}),
    "number": ("number", {"default": 1.5}),
    "switch": ("switch", {"default": True}),
    "choice": ("choice", {"choices": ["text", "json"], "default": "text"}),
    "dollars": ("dollars", {}),
    "time zone": ("time_zone", {"default": "America/New_York"}),
    "server": ("server", {}),
    "database": ("database", {"default": "sqlite:////a/file"}),
    "texts": ("texts", {"default": ["localhost"]}),
}


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    def reading(kind: str, value: str | None) -> Any:
        if value is None:
            monkeypatch.delenv(NAME, raising=False)
        else:
            monkeypatch.setenv(NAME, value)
        method, options = READERS[kind]
        return getattr(Environment(tmp_path / ".env"), method)(NAME, **options)

    return reading


@pytest.mark.parametrize(
    ("kind", "value", "found"),
    [
        ("whole", "12", 12),
        ("whole", " 1 ", 1),
        ("number", "0.001", 0.001),
        ("switch", "Off", False),
        ("switch", "1", True),
        ("choice", "json", "json"),
        ("dollars", "0", Decimal(0)),
        ("dollars", "0.006", Decimal("0.006")),
        ("time zone", "Europe/Berlin", "Europe/Berlin"),
        ("server", "http://127.0.0.1:8000/v1", "http://127.0.0.1:8000/v1"),
        ("texts", "a.example, b.example,", ["a.example", "b.example"]),
    ],
)
def test_what_is_right_is_read(read: Any, kind: str, value: str, found: object) -> None:
    assert read(kind, value) == found


@pytest.mark.parametrize("kind", READERS)
def test_empty_counts_as_missing(read: Any, kind: str) -> None:
    assert read(kind, "") == read(kind, "  ") == read(kind, None)


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("sqlite:////var/a.sqlite3", ("sqlite3", "/var/a.sqlite3", "", "")),
        ("postgres://clerk:p%40ss@db:5433/audio", ("postgresql", "audio", "db", "p@ss")),
        ("postgresql://db/audio", ("postgresql", "audio", "db", "")),
    ],
)
def test_databases_are_read(read: Any, url: str, found: tuple[str, ...]) -> None:
    database = read("database", url)

    assert database["ENGINE"] == f"django.db.backends.{found[0]}"
    assert (database["NAME"], database["HOST"], database["PASSWORD"]) == found[1:]


@pytest.mark.parametrize(
    ("kind", "value", "needed"),
    [
        ("whole", "abc", "a whole number, 1 or more"),
        ("whole", "1.5", "a whole number, 1 or more"),
        ("whole", "0", "a whole number, 1 or more"),
        ("number", "twelve", "a number above 0, such as 1.5"),
        ("number", "0,5", "a number above 0, such as 1.5"),
        ("number", "0", "a number above 0, such as 1.5"),
        ("number", "nan", "a number above 0, such as 1.5"),
        ("number", "inf", "a number above 0, such as 1.5"),
        ("switch", "ture", "on or off"),
        ("switch", "2", "on or off"),
        ("choice", "xml", "text or json"),
        ("dollars", "-1", "an amount in dollars, such as 0.006"),
        ("dollars", "nan", "an amount in dollars, such as 0.006"),
        ("dollars", "$50", "an amount in dollars, such as 0.006"),
        ("time zone", "Mars", "a time zone, such as America/New_York"),
        ("time zone", "America", "a time zone, such as America/New_York"),
        ("time zone", "../etc", "a time zone, such as America/New_York"),
    ],
)
def test_what_is_wrong_is_said_with_what_is_needed(
    read: Any, kind: str, value: str, needed: str
) -> None:
    with pytest.raises(ImproperlyConfigured) as told:
        read(kind, value)

    assert str(told.value) == f"{NAME} is “{value}”; it has to be {needed}."


def test_of_a_long_value_the_beginning_is_said(read: Any) -> None:
    with pytest.raises(ImproperlyConfigured) as told:
        read("whole", "x" * 10_000)

    assert len(str(told.value)) < 200


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("database", "hunter2"),
        ("database", "//clerk:hunter2@db/audio"),
        ("database", "potgres://clerk:hunter2@db/audio"),
        ("database", "mysql://clerk:hunter2@db/audio"),
        ("database", "postgres://clerk:hunter2@db"),
        ("database", "postgres://clerk:hunter2@db:port/audio"),
        ("database", "sqlite://hunter2/audio"),
        ("server", "hunter2"),
        ("server", "ftp://clerk:hunter2@host/v1"),
        ("server", "https:///hunter2"),
        ("server", "https://clerk:hunter2@host:port/v1"),
        ("server", "https://clerk:hunter2@[host/v1"),
    ],
)
def test_of_what_may_hold_a_password_nothing_is_said(read: Any, kind: str, value: str) -> None:
    """Also no warning of a library: warnings are errors here."""
    with pytest.raises(ImproperlyConfigured) as told:
        read(kind, value)

    assert str(told.value).startswith(f"{NAME} cannot be read; it has to be ")
    assert "hunter2" not in str(told.value)


STRONG = "0123456789" * 5


@pytest.mark.parametrize(
    "weak", ["abc", STRONG[1:], "abcd" * 20, "django-insecure-" + STRONG], ids=len
)
def test_a_weak_key_is_refused_and_not_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, weak: str
) -> None:
    monkeypatch.setenv(NAME, weak)
    environment = Environment(tmp_path / ".env")

    with pytest.raises(ImproperlyConfigured, match=r"Leave it out, and one is made") as told:
        environment.key(NAME, may_be_weak=False)

    assert str(told.value).startswith(f"{NAME} is too weak for ")
    assert weak not in str(told.value)
    assert environment.key(NAME, may_be_weak=True) == weak


@pytest.mark.parametrize(("value", "found"), [(STRONG, STRONG), ("", None), ("  ", None)])
def test_a_strong_key_is_taken_and_an_empty_one_is_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, value: str, found: str | None
) -> None:
    monkeypatch.setenv(NAME, value)

    assert Environment(tmp_path / ".env").key(NAME, may_be_weak=False) == found


@pytest.mark.parametrize(
    ("hosts", "local"),
    [
        ("localhost 127.0.0.1 [::1]", True),
        ("LOCALHOST audio.localhost .localhost", True),
        ("*", False),
        ("localhost senate.example.org", False),
        ("notlocalhost", False),
        ("localhost.example.org", False),
        ("10.0.0.5", False),
        (".example.org", False),
    ],
)
def test_only_this_machines_names_are_local(hosts: str, local: bool) -> None:
    assert are_local(hosts.split()) is local


def test_a_data_folder_that_cannot_be_is_said(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()

    with pytest.raises(ImproperlyConfigured, match=r"^DATA_DIR is .*cannot be used: Not a dir"):
        kept_secret(file / "data" / "secret_key")
