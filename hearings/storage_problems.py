"""What can be wrong with what is kept, in words for who has to mend it. Pure."""

from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any, Self


class Kind(StrEnum):
    """What is wrong."""

    MISSING = "missing"
    UNREADABLE = "unreadable"
    CHANGED = "changed"
    ORPHANED = "orphaned"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a file."""

    kind: Kind
    what: str
    # "recording", "upload", "answer" or "temporary file".
    name: str
    # The file: as storage calls it, or its path on this host.
    message: str
    advice: str
    hearing: int | None = None
    # The key of the hearing whose recording it is.
    title: str = ""
    # That hearing's.
    measured: str = ""
    needed: str = ""
    is_ours: bool = True
    # Made by this program, as its name shows; nothing else is deleted.
    repaired: str = ""
    # What was done about it; empty: nothing.

    @property
    def is_mended(self) -> bool:
        """Whether nothing is left to do. A recording that was marked still has to come back."""
        return bool(self.repaired) and self.kind is Kind.ORPHANED

    def with_repair(self, done: str) -> Self:
        return replace(self, repaired=done)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, found: dict[str, Any]) -> Self:
        return cls(**{**found, "kind": Kind(found["kind"])})


_BACK = "Upload the same recording again, or bring the file back from a back-up."


def missing(name: str, *, hearing: int, title: str) -> Problem:
    return Problem(
        Kind.MISSING,
        "recording",
        name,
        "The recording is not where it was stored.",
        _BACK,
        hearing,
        title,
    )


def unreadable(name: str, why: str, *, hearing: int, title: str) -> Problem:
    return Problem(
        Kind.UNREADABLE,
        "recording",
        name,
        f"The recording is there and cannot be read: {why.rstrip('.')}.",
        f"See to the disk, and that this user may read the file. Else: {_BACK}",
        hearing,
        title,
    )


def changed(name: str, *, hearing: int, title: str, measured: str, needed: str) -> Problem:
    return Problem(
        Kind.CHANGED,
        "recording",
        name,
        "The recording has other bytes than those that were stored.",
        f"See to the disk. {_BACK}",
        hearing,
        title,
        measured,
        needed,
    )


def orphaned(what: str, name: str, *, byte_count: int, is_ours: bool = True) -> Problem:
    return Problem(
        Kind.ORPHANED,
        what,
        name,
        f"No row of the database names this {what}.",
        "Nothing needs it. A repair deletes it."
        if is_ours
        else "It is not of this program, which leaves it alone. Look whose it is.",
        measured=f"{byte_count:,} bytes",
        is_ours=is_ours,
    )
