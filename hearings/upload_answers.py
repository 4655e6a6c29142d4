"""Answers to a page whose script sends the form, to show how far it is.

Such a request says so in a header. Instead of a redirect it gets the address to go to; instead of
the form with errors, a signed note of what is wrong with the file. With that the script sends the
form once more as a browser does, without the file, and the page comes as to everybody.
"""

from dataclasses import asdict
from typing import Any

from django.core import signing
from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase

from hearings import intake, room
from hearings.models import Hearing
from hearings.validation import Finding, Severity

HEADER = "X-Upload-By-Script"
NOTE = "upload_note"
# The field that brings the note back.
NOTE_SECONDS = 600
_SALT = "hearings.upload_note"
_REFUSAL = "hearings.upload_refusal"

Refusal = intake.Refused | intake.RecordingKnown | room.DiskFull


def refuse(request: HttpRequest, refusal: Refusal) -> None:
    """Remember why the file was not taken, for the form, which keeps what else was filled in."""
    request.META[_REFUSAL] = refusal


def refusal_of(request: HttpRequest) -> Refusal | None:
    """Return why the file of this request, or of the one before it, was not taken."""
    refusal: Refusal | None = request.META.get(_REFUSAL)
    if refusal is None and request.method == "POST" and NOTE in request.POST:
        return _read(request.POST[NOTE])
    return refusal


def answered(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Return *response* in the form that the request wants it."""
    if request.method != "POST" or HEADER not in request.headers:
        return response
    if response.status_code == 302:  # noqa: PLR2004 (HTTP: found)
        return JsonResponse({"location": response["Location"]})
    if response.status_code == 200:  # noqa: PLR2004 (HTTP: the form again)
        refusal = refusal_of(request)
        note = signing.dumps(_noted(refusal), salt=_SALT) if refusal else ""
        return JsonResponse({"note": note}, status=422)
    return response


def _noted(refusal: Refusal) -> dict[str, Any]:
    match refusal:
        case intake.Refused(findings=findings):
            return {"findings": [asdict(finding) for finding in findings]}
        case intake.RecordingKnown(hearing=hearing):
            return {"known": hearing.pk}
    return {"full": str(refusal)}


def _read(note: str) -> Refusal | None:
    try:
        noted = signing.loads(note, salt=_SALT, max_age=NOTE_SECONDS)
    except signing.BadSignature:
        return None
    if "findings" in noted:
        return intake.Refused(tuple(_finding(each) for each in noted["findings"]))
    if "known" in noted:
        known = Hearing.objects.filter(pk=noted["known"]).first()
        return intake.RecordingKnown(known) if known else None
    return room.DiskFull(noted["full"])


def _finding(noted: dict[str, str]) -> Finding:
    return Finding(severity=Severity(noted.pop("severity")), **noted)
