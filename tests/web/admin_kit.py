"""What the admin's tests send and read."""

from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from transcription.models import Run

ADD = "/admin/hearings/hearing/add/"
NO_WITNESSES = {"witnesses-TOTAL_FORMS": "0", "witnesses-INITIAL_FORMS": "0"}
ONE_WITNESS = {
    "witnesses-TOTAL_FORMS": "1",
    "witnesses-INITIAL_FORMS": "0",
    "witnesses-0-name": "Dr. Jane Roe",
}


def description(**values: str) -> dict[str, Any]:
    """Return the fields of a hearing's form, without its recording."""
    return {
        "title": "Oversight of the Weather Service",
        "date": "2026-03-12",
        "type": "hearing",
        "language": "en",
        **NO_WITNESSES,
        **values,
    }


def upload(
    client: Client, *, content: bytes = b"sound", name: str = "hearing.mp3", **values: Any
) -> Any:
    """Send the form of a new hearing as a browser would."""
    sent = description(**values) | {"upload": SimpleUploadedFile(name, content)}
    return client.post(ADD, sent)


def change_address(pk: int) -> str:
    return f"/admin/hearings/hearing/{pk}/change/"


def run_address(pk: int) -> str:
    return f"/admin/transcription/run/{pk}/change/"


def part(run: Run, name: str) -> str:
    """Return the address of a part of a run's page."""
    return f"/admin/transcription/run/{run.pk}/{name}/"


def order(run: Run, name: str) -> str:
    """Return where an order to a run is sent."""
    return part(run, f"order/{name}")
