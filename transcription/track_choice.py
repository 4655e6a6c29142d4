"""Which sound of a recording a hearing is transcribed from, chosen anew by a person."""

from django.db import transaction

from hearings import intake
from hearings.models import Hearing


class RunUnderWay(Exception):
    """The hearing is being transcribed from the sound that it has; the message says so."""


def choose(hearing: Hearing, track: str) -> bool:
    """Have another sound of the recording be the hearing's. True where it is to be checked anew.

    *track* is as `intake.track_of` gives it. Raises RunUnderWay, and then changes nothing.
    """
    with transaction.atomic():
        # Held until its end, as a start does, so that none begins meanwhile.
        current = Hearing.objects.select_for_update().get(pk=hearing.pk)
        is_new = intake.choose_track(current, track)
        if is_new and (busy := hearing.runs.active().first()):
            raise RunUnderWay(
                f"The sound track stays as it is: run {busy.pk} is "
                f"{busy.get_status_display().lower()} for this hearing. Wait for it, or cancel it."
            )
    hearing.refresh_from_db(fields=["track", "check_status", "duration_ms"])
    return is_new
