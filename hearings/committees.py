"""Brings the shipped rosters into the database, and never undoes what a person did there."""

import json
from collections import Counter
from collections.abc import Iterator
from enum import Enum, auto
from pathlib import Path
from typing import Any

from django.db import transaction

from hearings.models import Committee, Member, ShippedRecord

ROSTERS = Path(__file__).parent / "data" / "senate_committees.json"


class Outcome(Enum):
    """What loading did to one record."""

    CREATED = auto()
    UPDATED = auto()
    UNCHANGED = auto()
    LEFT = auto()
    # A person changed or deleted it.


@transaction.atomic
def load_committees(rosters: Path = ROSTERS) -> Counter[Outcome]:
    """Return how many committees and members were created, updated or left. Deletes nothing."""
    outcomes: Counter[Outcome] = Counter()
    for entry in json.loads(rosters.read_text(encoding="utf-8"))["committees"]:
        code, members = entry.pop("code"), entry.pop("members")
        outcomes[_ship(Committee, code, {"code": code}, entry)] += 1
        outcomes.update(_ship_members(code, members))
    return outcomes


def _ship_members(code: str, members: list[dict[str, str]]) -> Iterator[Outcome]:
    committee = Committee.objects.filter(code=code).first()
    for member in members:
        name = member.pop("name")
        if committee:
            identity = {"committee": committee, "name": name}
            yield _ship(Member, f"{code}/{name}", identity, member)
        else:
            yield Outcome.LEFT


def _ship(
    model: type[Committee | Member], key: str, identity: dict[str, Any], values: dict[str, str]
) -> Outcome:
    """Create the record or bring it up to date, and remember what was shipped."""
    row = model.objects.filter(**identity).first()
    shipped = ShippedRecord.objects.filter(key=key).first()
    if row is None and shipped:
        return Outcome.LEFT
    if row is None:
        model.objects.create(**identity, **values)
        outcome = Outcome.CREATED
    else:
        outcome = _update(row, shipped.values if shipped else {}, values)
    ShippedRecord.objects.update_or_create(key=key, defaults={"values": values})
    return outcome


def _update(row: Committee | Member, last: dict[str, str], values: dict[str, str]) -> Outcome:
    """Change the fields that still are as last shipped; another value is a person's."""
    differing = {field for field, value in values.items() if getattr(row, field) != value}
    if not differing:
        return Outcome.UNCHANGED
    stale = {field for field in differing if getattr(row, field) == last.get(field)}
    if not stale:
        return Outcome.LEFT
    for field in stale:
        setattr(row, field, values[field])
    row.save(update_fields=stale)
    return Outcome.UPDATED
