"""The health of the installation: a page of the admin, an address for monitors, and numbers."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from transcription import metrics, rates
from transcription.exposition import exposition
from transcription.filling import filling_of
from transcription.probes import examiner

UNHEALTHY = 503


@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """Say to anybody whether all works: 200 or 503. `?only=database,storage` asks for less."""
    asked = request.GET.get("only")
    codes = asked.split(",") if asked else examiner.codes
    if unknown := [code for code in codes if code not in examiner.codes]:
        told = f"Unknown: {len(unknown)}. There are: {', '.join(examiner.codes)}."
        return JsonResponse({"error": told}, status=400)
    report = examiner.report(codes)
    return JsonResponse(report.to_public_json(), status=200 if report.is_healthy else UNHEALTHY)


@require_safe
@never_cache
def metrics_text(request: HttpRequest) -> HttpResponse:
    """Give the numbers to staff, or to who sends METRICS_TOKEN as a bearer token."""
    if not _has_token(request):
        if not request.user.is_authenticated:
            return HttpResponse(
                "Sign in as staff, or send METRICS_TOKEN as a bearer token.\n",
                status=401,
                content_type="text/plain",
                headers={"WWW-Authenticate": 'Bearer realm="metrics"'},
            )
        if not (request.user.is_active and request.user.is_staff):
            return HttpResponse("For staff only.\n", status=403, content_type="text/plain")
    filling = filling_of(rates.row(settings.RATE))
    text = exposition(metrics.present(), filling, examiner.report())
    return HttpResponse(text, content_type=CONTENT_TYPE_LATEST)


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Show all of it. For the admin's own view, which lets only staff in."""
    context = admin.site.each_context(request) | _standing() | {"title": "Health"}
    return render(request, "admin/transcription/health/page.html", context)


@require_safe
def standing(request: HttpRequest) -> HttpResponse:
    """Return the part of the page that changes."""
    return render(request, "admin/transcription/health/standing.html", _standing())


def _standing() -> dict[str, Any]:
    limit = rates.row(settings.RATE)
    return {
        "report": examiner.report(),
        "metrics": metrics.present(),
        "limit": limit,
        "filling": filling_of(limit),
        "moment": timezone.now(),
    }


def _has_token(request: HttpRequest) -> bool:
    scheme, _, sent = request.headers.get("Authorization", "").partition(" ")
    token = settings.METRICS_TOKEN
    if not token or scheme.lower() != "bearer":
        return False
    return constant_time_compare(sent, token)
