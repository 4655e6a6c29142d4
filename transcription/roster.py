"""Reads who and what a hearing is about from its rows."""

from hearings.models import Hearing, Member
from transcription.people import Subject, WitnessFacts

PRESIDING = ("chair", "ranking_member")


def subject_of(hearing: Hearing) -> Subject:
    """Return what is known of *hearing* without hearing it. Two queries."""
    known = Member.objects.order_by("id").values_list("committee_id", "role", "name")
    seats = [(role, name) for committee, role, name in known if committee == hearing.committee_id]
    presiding = [name for wanted in PRESIDING for role, name in seats if role == wanted]
    members = dict.fromkeys([*presiding, *(name for _, name in seats)])
    return Subject(
        members=tuple(members),
        witnesses=tuple(
            WitnessFacts(witness.name, witness.title, witness.organisation)
            for witness in hearing.witnesses.order_by("id")
        ),
        title=hearing.title,
        description=hearing.description,
        others=tuple({name for _, _, name in known} - set(members)),
    )
