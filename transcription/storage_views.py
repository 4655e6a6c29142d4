"""Whether all that is kept is there and whole: a page of the admin with the latest check."""

from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from hearings.models import StorageCheck
from transcription import clusters, storage_check, storage_job
from transcription.clock import database_clock

REPAIR = "hearings.repair_storage"
BUSY = "A check is under way already. Wait until it is done."


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Show the latest check. For the admin's own view, which lets only staff in."""
    context = admin.site.each_context(request) | _standing(request) | {"title": "Storage"}
    return render(request, "admin/transcription/storage/page.html", context)


@require_safe
def standing(request: HttpRequest) -> HttpResponse:
    """Return the part of the page that changes."""
    return render(request, "admin/transcription/storage/standing.html", _standing(request))


@require_POST
def check(request: HttpRequest) -> HttpResponseBase:
    """Have workers look at everything and change nothing."""
    return _requested(request, repairs=False)


@require_http_methods(["GET", "HEAD", "POST"])
def repair(request: HttpRequest) -> HttpResponseBase:
    """Ask first; then have workers look at everything anew and mend what they may."""
    if not request.user.has_perm(REPAIR):
        raise PermissionDenied
    if request.method == "POST":
        return _requested(request, repairs=True)
    context = admin.site.each_context(request) | _standing(request) | {"title": "Repair?"}
    return render(request, "admin/transcription/storage/repair.html", context)


def _requested(request: HttpRequest, *, repairs: bool) -> HttpResponseBase:
    by: Any = request.user
    if not storage_job.request(repairs=repairs, by=by, now=database_clock()):
        messages.warning(request, BUSY)
    return redirect("storage")


def _standing(request: HttpRequest) -> dict[str, Any]:
    latest = StorageCheck.objects.select_related("requested_by").first()
    problems = storage_job.problems_of(latest) if latest else []
    is_live = latest is not None and latest.status == StorageCheck.Status.UNDER_WAY
    now = database_clock()
    return {
        "check": latest,
        "host": latest.host.partition(":")[0] if latest else "",
        "is_live": is_live,
        "problems": problems,
        "left": [problem for problem in problems if not problem.is_mended],
        "is_cut": len(problems) >= storage_job.MOST_TOLD,
        "extent": storage_check.extent() if is_live else None,
        "has_no_workers": is_live and not clusters.alive(now=now, policy=settings.LEASE),
        "may_repair": request.user.has_perm(REPAIR),
    }
