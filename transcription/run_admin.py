"""A run as staff follow it: read-only, but for what a person may tell it to do."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path
from django_htmx.http import HttpResponseClientRefresh
from unfold.decorators import display

from hearings.read_only_admin import ReadOnlyAdmin
from hearings.times import clock
from transcription import admission, pipeline
from transcription.amounts import about_how_long, price_in_words
from transcription.bills import bill_of
from transcription.clock import database_clock
from transcription.engines.registry import engine_for
from transcription.exports import FORMATS
from transcription.ledger import in_words
from transcription.models import Run, RunStatus
from transcription.progress import Progress, progress_of
from transcription.run_parts import parts_of
from transcription.transcripts import coverage_of_run

STATUS_COLOURS = {
    RunStatus.PREPARING: "info",
    RunStatus.TRANSCRIBING: "info",
    RunStatus.ALIGNING: "info",
    RunStatus.MERGING: "info",
    RunStatus.PAUSED: "warning",
    RunStatus.COMPLETE: "success",
    RunStatus.INCOMPLETE: "warning",
    RunStatus.FAILED: "danger",
    RunStatus.CANCELLED: "",
}


@dataclass(frozen=True, slots=True)
class Order:
    """What a person may tell a run to do."""

    label: str
    # As on its button.
    carry_out: Callable[..., bool]
    done: str
    too_late: str
    is_checked: bool = False
    # It is refused, with the reason, where the run would only stop again.


ORDERS = {
    "retry": Order(
        "Retry",
        pipeline.retry,
        "The failed chunks are tried again.",
        "Nothing is left to retry, or another run is under way.",
        is_checked=True,
    ),
    "resume": Order(
        "Resume", pipeline.resume, "The run goes on.", "The run is not paused.", is_checked=True
    ),
    "embedded": Order(
        "Go on with the embedded engine",
        pipeline.continue_embedded,
        "The run goes on with the embedded engine; what was done stays.",
        "The run is not paused, or is the embedded engine’s already.",
    ),
    "cancel": Order(
        "Cancel", pipeline.cancel, "The run is cancelled.", "The run had ended already."
    ),
}


class RunAdmin(ReadOnlyAdmin):
    change_form_template = "admin/transcription/run/change_form.html"
    list_display = (
        "title",
        "state",
        "engine",
        "model",
        "requested_by",
        "created_at",
        "finished_at",
    )
    list_filter = ("status", "engine")
    list_select_related = ("hearing", "requested_by")
    search_fields = ("hearing__title",)
    date_hierarchy = "created_at"
    fields = (
        ("engine", "model", "language"),
        ("method", "parallel"),
        ("requested_by", "created_at"),
        ("started_at", "finished_at"),
    )

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/progress/", view(self.progress_view), name="run_progress"),
            path("<int:pk>/chunks/", view(self.chunks_view), name="run_chunks"),
            path("<int:pk>/order/<slug:name>/", view(self.order_view), name="run_order"),
            *super().get_urls(),
        ]

    @display(description="run", ordering="id")
    def title(self, run: Run) -> str:
        return f"{run.pk} · {run.hearing}"

    @display(description="status", ordering="status", label=STATUS_COLOURS)
    def state(self, run: Run) -> tuple[str, str]:
        return run.status, run.get_status_display()

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        *flags: Any,
        obj: Run,
        **named: Any,
    ) -> HttpResponse:
        shown = context | self._standing(request, obj) | _chunks(obj)
        response: HttpResponse = super().render_change_form(
            request, shown, *flags, obj=obj, **named
        )
        return response

    def progress_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Return how far the run is; where it has ended, have the page load anew."""
        run = self._visible(request, pk)
        if not run.is_terminal:
            standing = self._standing(request, run)
            return render(request, "admin/transcription/run/progress.html", standing)
        if request.headers.get("HX-Request"):
            return HttpResponseClientRefresh()
        return redirect("admin:transcription_run_change", pk)

    def chunks_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        run = self._visible(request, pk)
        return render(request, "admin/transcription/run/chunks.html", _chunks(run))

    def order_view(self, request: HttpRequest, pk: int, name: str) -> HttpResponse:
        """Carry out an order that was sent; ask first where it was only clicked."""
        run = self._visible(request, pk)
        if not request.user.has_perm("transcription.change_run"):
            raise PermissionDenied
        if name not in ORDERS:
            raise Http404("There is no such order.")
        if request.method == "POST":
            self._carry_out(request, run, ORDERS[name])
            return redirect("admin:transcription_run_change", pk)
        context = self.admin_site.each_context(request) | {
            "title": f"{ORDERS[name].label}: run {run.pk}",
            "opts": self.opts,
            "run": run,
            "name": name,
            "order": ORDERS[name],
        }
        return render(request, "admin/transcription/run/order.html", context)

    def _carry_out(self, request: HttpRequest, run: Run, order: Order) -> None:
        try:
            if order.is_checked and (run.status == RunStatus.PAUSED or pipeline.can_retry(run)):
                admission.check_going_on(run, now=database_clock())
            is_done = order.carry_out(run, now=database_clock())
        except admission.StartRefused as refusal:
            self.message_user(request, str(refusal), messages.ERROR)
            return
        if is_done:
            self.log_change(request, run, f"{order.label}: {order.done}")
            self.message_user(request, order.done, messages.SUCCESS)
        else:
            self.message_user(request, order.too_late, messages.WARNING)

    def _visible(self, request: HttpRequest, pk: int) -> Run:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return get_object_or_404(Run.objects.select_related("hearing"), pk=pk)

    def _standing(self, request: HttpRequest, run: Run) -> dict[str, Any]:
        progress = progress_of(run, now=database_clock())
        return {
            "run": run,
            "hearing": run.hearing,
            "progress": progress,
            "can_retry": pipeline.can_retry(run),
            "may_change_engine": run.status == RunStatus.PAUSED and _is_hosted(run),
            "expected": _expected(run),
            "actual": _actual(run, progress),
            **_account(run),
            "formats": FORMATS.values() if run.has_text else (),
            "may_order": request.user.has_perm("transcription.change_run"),
        }


def _is_hosted(run: Run) -> bool:
    return engine_for(run.engine, run.model).capabilities.is_hosted


def _expected(run: Run) -> str:
    """Return what the run was expected to cost and take; empty where nobody reckoned it."""
    if run.estimated_seconds is None:
        return ""
    return f"{price_in_words(run.estimated_usd)}, {about_how_long(run.estimated_seconds)}"


def _actual(run: Run, progress: Progress) -> str:
    """Return what the run has cost and taken."""
    paid = bill_of(run).in_words
    parts = [f"{paid} paid"] if paid else []
    if run.started_at:
        parts.append(clock(round(progress.elapsed_seconds * 1000)))
    return ", ".join(parts)


def _account(run: Run) -> dict[str, Any]:
    """Return what of the recording is in the transcript, once the run has ended.

    While it is retried, a poll would reckon it each time.
    """
    if not (run.is_terminal and run.has_text):
        return {}
    coverage = coverage_of_run(run)
    names = _names_to_check(run)
    return {"account": in_words(coverage), "missing": coverage.missing, "names_to_check": names}


def _names_to_check(run: Run) -> int:
    found = run.segments.exclude(corrections=[]).values_list("corrections", flat=True)
    return sum(len(corrections) for corrections in found)


def _chunks(run: Run) -> dict[str, Any]:
    return {"run": run, "parts": parts_of(run)}
