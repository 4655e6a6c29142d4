"""The public pages. What is unpublished does not exist for those who are not staff."""

import re
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseClientRefresh

from hearings.models import CheckStatus, Hearing
from hearings.spans import Span
from transcription import admission, pipeline
from transcription.clock import database_clock
from transcription.engines.registry import engine_for
from transcription.exports import FORMATS
from transcription.ledger import in_words
from transcription.listing import HearingFilter
from transcription.models import Run
from transcription.names import Correction
from transcription.paragraphs import Line, blocks, names_to_check, summary
from transcription.playback import recording_response
from transcription.progress import progress_of
from transcription.stretches import in_words as stretch_in_words
from transcription.transcripts import coverage_of_run, transcript_of

HEARINGS_PER_PAGE = 25


@require_safe
def hearings(request: HttpRequest) -> HttpResponseBase:
    visible = Hearing.objects.visible_to(request.user)
    form = HearingFilter(request.GET, hearings=visible)
    page = Paginator(form.chosen(), HEARINGS_PER_PAGE).get_page(request.GET.get("page"))
    shown = render(request, "hearings/list.html", {"form": form, "page": page})
    return _guarded(shown, is_public=not request.user.is_staff)


@require_safe
def hearing(request: HttpRequest, slug: str) -> HttpResponseBase:
    hearing = _visible(request, slug)
    shown = _readable(hearing)
    readable = _asked_for(request, hearing) or shown
    context = _standing(hearing) | {
        "readable": readable,
        "shown": readable.pk if readable else None,
        "others": _others(request, hearing, readable, shown),
        "asked_for": readable if readable != shown else None,
        "formats": FORMATS.values() if readable else (),
        "findings": hearing.findings.all() if request.user.is_staff else (),
    }
    if readable:
        context |= _reading(readable, for_public=not request.user.is_staff)
    if (run := context["run"]) and pipeline.can_retry(run) and _may_retry(request):
        is_hosted = engine_for(run.engine, run.model).capabilities.is_hosted
        context |= {"to_retry": run, "retry_may_cost": is_hosted}
    page = render(request, "hearings/hearing.html", context)
    return _guarded(page, is_public=_is_public(request, hearing))


@require_safe
def progress(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Return how far the run is; where nothing is under way any more, have the page load anew.

    A page that shows a text says of which run, and is only told, as somebody may be listening.
    """
    hearing = _visible(request, slug)
    shown = request.GET.get("shown", "")
    standing = _standing(hearing) | {"shown": int(shown) if _is_key(shown) else None}
    if standing["is_live"]:
        part: HttpResponseBase = render(request, "transcription/progress.html", standing)
    elif request.headers.get("HX-Request") and standing["shown"]:
        ended = _ended(request, hearing, standing)
        part = render(request, "transcription/ended.html", standing | ended)
    elif request.headers.get("HX-Request"):
        part = HttpResponseClientRefresh()
    else:
        return redirect(hearing)
    return _guarded(part, is_public=_is_public(request, hearing))


@require_POST
def retry(request: HttpRequest, slug: str, pk: int) -> HttpResponseBase:
    """Try again what a run lacks, and show how it goes on, or why it cannot.

    A second click changes nothing.
    """
    hearing = _visible(request, slug)
    if not request.user.is_staff:
        raise Http404("There is no such page.")
    if not _may_retry(request):
        raise PermissionDenied
    run = get_object_or_404(Run, hearing=hearing, pk=pk)
    try:
        if pipeline.can_retry(run):
            admission.check_going_on(run, now=database_clock())
        if pipeline.retry(run, now=database_clock()):
            admin.site.get_model_admin(Run).log_change(request, run, "Retry, from its page.")
    except admission.StartRefused as refusal:
        messages.error(request, str(refusal))
    return redirect(hearing)


def _may_retry(request: HttpRequest) -> bool:
    return request.user.is_staff and request.user.has_perm("transcription.change_run")


@require_safe
def recording(request: HttpRequest, slug: str) -> HttpResponseBase:
    hearing = _visible(request, slug)
    if hearing.recording_removed_at:
        gone = render(request, "410.html", {"hearing": hearing}, status=410)
        return _guarded(gone, is_public=_is_public(request, hearing))
    try:
        response = recording_response(request, hearing)
    except FileNotFoundError as error:
        raise Http404("The recording of this hearing is missing from the storage.") from error
    return _guarded(response, is_public=hearing.is_published)


@require_safe
def transcript(request: HttpRequest, slug: str, format: str) -> HttpResponseBase:  # noqa: A002 (the address calls it so)
    hearing = _visible(request, slug)
    if format not in FORMATS:
        raise Http404(f"There is no transcript in this format. There are: {', '.join(FORMATS)}.")
    run = _asked_for(request, hearing) or _readable(hearing)
    if run is None:
        raise Http404("This hearing has no transcript yet.")
    written = FORMATS[format]
    content = written.render(transcript_of(run, for_public=not request.user.is_staff))
    response = HttpResponse(content, content_type=written.content_type)
    response["Content-Disposition"] = f'attachment; filename="{slug}.{written.extension}"'
    return _guarded(response, is_public=_is_public(request, hearing))


def _visible(request: HttpRequest, slug: str) -> Hearing:
    """Return the hearing. What one may not see and what is not there answer alike."""
    found = Hearing.objects.visible_to(request.user).filter(slug=slug)
    hearing = found.select_related("committee").first()
    if hearing is None:
        raise Http404("There is no such hearing.")
    return hearing


def _readable(hearing: Hearing) -> Run | None:
    """Return the run whose text is shown."""
    return _known(Run.objects.with_text().filter(hearing=hearing).shown_first().first(), hearing)


def _asked_for(request: HttpRequest, hearing: Hearing) -> Run | None:
    """Return the run that staff ask for by its number; None where they ask for none."""
    number = request.GET.get("run", "")
    if not number or not request.user.is_staff:
        return None
    found = Run.objects.with_text().filter(hearing=hearing)
    run = found.filter(pk=number).first() if _is_key(number) else None
    if run is None:
        raise Http404("There is no such transcript of this hearing.")
    return _known(run, hearing)


def _is_key(number: str) -> bool:
    return re.fullmatch(r"[0-9]{1,18}", number) is not None


def _ended(request: HttpRequest, hearing: Hearing, standing: dict[str, Any]) -> dict[str, Any]:
    """Return what the page has without *shown*, and the run that ended where it is to be read."""
    run, readable = standing["run"], _readable(hearing)
    is_shown = run is not None and run.pk == standing["shown"]  # it was retried, or checked
    may_read = request.user.is_staff or run == readable
    is_newer = run and run.has_text and not is_shown and may_read
    return {"readable": readable, "newer": run if is_newer else None, "is_shown": is_shown}


def _others(
    request: HttpRequest, hearing: Hearing, readable: Run | None, shown: Run | None
) -> list[Run]:
    """Return for staff what else there is to read: newer texts that the page does not show."""
    if not (request.user.is_staff and readable and shown):
        return []
    newer = Run.objects.with_text().filter(hearing=hearing, pk__gt=shown.pk)
    return [run for run in newer if run != readable]


def _known(run: Run | None, hearing: Hearing) -> Run | None:
    if run:
        run.hearing = hearing  # known, so not asked for again
    return run


def _standing(hearing: Hearing) -> dict[str, Any]:
    """Return what the state box shows: the latest run, and how far it is while it is under way."""
    run = Run.objects.filter(hearing=hearing).order_by("-id").first()
    if run:
        run.hearing = hearing  # known, so not asked for again
    is_active = run is not None and not run.is_terminal
    return {
        "hearing": hearing,
        "run": run,
        "progress": progress_of(run, now=timezone.now()) if run and is_active else None,
        "is_live": is_active or hearing.check_status == CheckStatus.CHECKING,
    }


def _reading(run: Run, *, for_public: bool) -> dict[str, Any]:
    """Return the text laid out, with the account of what of the recording is in it."""
    columns = ("start_ms", "end_ms", "text", "speaker", "flags", "corrections")
    rows = run.segments.order_by("index").values_list(*columns)
    lines = [
        Line(start_ms, end_ms, text, speaker, tuple(doubts), _proposed(found, for_public))
        for start_ms, end_ms, text, speaker, doubts, found in rows
    ]
    heard = [Span(line.start_ms, line.end_ms) for line in lines]
    coverage = coverage_of_run(run, heard=heard, for_public=for_public)
    laid_out = list(blocks(lines, coverage))
    return {
        "blocks": laid_out,
        "is_wordless": not lines,
        "summary": summary(laid_out),
        "names_to_check": names_to_check(laid_out),
        "account": in_words(coverage),
        "missing": coverage.missing,
        "stretch": run.stretch and stretch_in_words(run.stretch),
    }


def _proposed(found: list[dict[str, Any]], for_public: bool) -> tuple[Correction, ...]:  # noqa: FBT001
    """Return what names may be; the public reads the text as it is, unmarked."""
    return () if for_public else tuple(map(Correction.from_json, found))


def _is_public(request: HttpRequest, hearing: Hearing) -> bool:
    """Say whether what *request* is shown of a hearing is what anybody is shown of it."""
    return hearing.is_published and not request.user.is_staff


def _guarded(response: HttpResponseBase, *, is_public: bool) -> HttpResponseBase:
    """Keep caches, also that behind the Back button, from holding what is for staff alone.

    What is public may be unpublished, so it is asked for anew.
    """
    if is_public:
        patch_cache_control(response, no_cache=True)
    else:
        patch_cache_control(response, private=True, no_store=True)
    return response
