"""The hearing's admin with what was made from it, and the page where a person starts runs."""

import re
from collections.abc import Sequence
from typing import Any, ClassVar

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.http import urlencode
from unfold.decorators import action, display

from hearings.admin import RECORDING
from hearings.admin import HearingAdmin as DescribedHearingAdmin
from hearings.forms import HearingForm
from hearings.models import CheckStatus, Hearing
from hearings.validation import Severity
from transcription import admission, dispatch, pipeline, rate_admin, retention, track_choice  # noqa: F401 (it registers itself)
from transcription.clock import database_clock
from transcription.listing import State, with_state
from transcription.models import Run, RunStatus
from transcription.progress import progress_of
from transcription.removal_admin import RemovingAdmin
from transcription.run_admin import RunAdmin
from transcription.starting import (
    StartForm,
    candidate,
    engine_choices,
    notices,
    present_circumstances,
    present_terms,
)

MOST_AT_ONCE = 100
# Hearings that one page starts.


class StateFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(State.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Hearing]) -> QuerySet[Hearing]:
        return queryset.filter(Q(state=self.value())) if self.value() in State else queryset


@admin.register(Hearing)
class HearingAdmin(RemovingAdmin, DescribedHearingAdmin):
    """A hearing with its check, its runs, and the way to start one."""

    change_form_template = "admin/hearings/hearing/change_form.html"
    list_display = (*DescribedHearingAdmin.list_display, "latest_run")
    fieldsets = (
        *DescribedHearingAdmin.fieldsets[:-1],
        ("Recording", {"fields": (*RECORDING, "kept_until")}),
    )
    readonly_fields = (*DescribedHearingAdmin.readonly_fields, "kept_until")
    list_filter = (StateFilter, *DescribedHearingAdmin.list_filter)
    actions: ClassVar = ["transcribe", *DescribedHearingAdmin.actions, "delete_selected"]

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("transcribe/", view(self.transcribe_view), name="transcribe"),
            path("<int:pk>/standing/", view(self.standing_view), name="hearing_standing"),
            *super().get_urls(),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Hearing]:
        runs = Run.objects.filter(hearing=OuterRef("pk")).order_by("-id").values("pk")
        hearings: QuerySet[Hearing] = super().get_queryset(request)
        return with_state(hearings).annotate(latest_run_id=Subquery(runs[:1]))

    @display(description="latest run", ordering="latest_run_id")
    def latest_run(self, hearing: Hearing) -> str:
        pk = vars(hearing)["latest_run_id"]
        if pk is None:
            return "–"
        address = reverse("admin:transcription_run_change", args=[pk])
        status = RunStatus(vars(hearing)["latest"]).label
        return format_html(
            '<a class="underline whitespace-nowrap" href="{}">{} · {}</a>', address, pk, status
        )

    @display(description="kept until")
    def kept_until(self, hearing: Hearing) -> str:
        policy = settings.RETENTION
        if policy.period is None or hearing.recording_removed_at:
            return "–" if hearing.recording_removed_at else "It is kept for good."
        found = retention.of(hearing, policy.period)
        if found.goes_at is None:
            return found.stays_because
        day = timezone.localtime(found.goes_at)
        return f"{day:%-d %B %Y}: {policy.in_words} after its transcript. The transcript stays."

    def save_model(
        self, request: HttpRequest, obj: Hearing, form: HearingForm, change: Any
    ) -> None:
        if change and "sound" in form.changed_data:
            self._choose_track(request, obj, form.cleaned_data["sound"])
        super().save_model(request, obj, form, change)
        if not change:
            # Where the queue fails, the workers' own sweep finds the hearing.
            transaction.on_commit(lambda: dispatch.check_recording(obj.pk), robust=True)

    def _choose_track(self, request: HttpRequest, hearing: Hearing, track: str) -> None:
        """Have another sound be the hearing's before the rest of the form is saved."""
        try:
            is_new = track_choice.choose(hearing, track)
        except track_choice.RunUnderWay as busy:
            self.message_user(request, str(busy), messages.ERROR)
            return
        if is_new:
            transaction.on_commit(lambda: dispatch.check_recording(hearing.pk), robust=True)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponseBase:
        hearing = self.get_object(request, object_id)
        standing = self._standing(request, hearing) if hearing else {}
        response: HttpResponseBase = super().change_view(
            request, object_id, form_url, standing | (extra_context or {})
        )
        return response

    def standing_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Return the part of the hearing's page that follows what is under way."""
        hearing = get_object_or_404(Hearing, pk=pk)
        if not self.has_view_or_change_permission(request, hearing):
            raise PermissionDenied
        standing = self._standing(request, hearing)
        return render(request, "admin/hearings/hearing/standing.html", standing)

    def _standing(self, request: HttpRequest, hearing: Hearing) -> dict[str, Any]:
        run = hearing.runs.order_by("-id").first()
        is_active = run is not None and not run.is_terminal
        return {
            "hearing": hearing,
            "findings": hearing.findings.all(),
            "run": run,
            "progress": progress_of(run, now=database_clock()) if run and is_active else None,
            "is_live": is_active or hearing.check_status == CheckStatus.CHECKING,
            "may_start": hearing.is_accepted
            and not hearing.recording_removed_at
            and self.has_start_permission(request),
            "may_replace": not is_active and self.has_replace_permission(request, hearing),
        }

    def has_start_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("transcription.add_run")

    @action(description="Transcribe…", permissions=["start"])
    def transcribe(self, request: HttpRequest, queryset: QuerySet[Hearing]) -> HttpResponse:
        chosen = [("hearing", pk) for pk in queryset.values_list("pk", flat=True)[:MOST_AT_ONCE]]
        return redirect(f"{reverse('admin:transcribe')}?{urlencode(chosen)}")

    def transcribe_view(self, request: HttpRequest) -> HttpResponse:
        """Show what a run would do, and start it where the form is sent."""
        if not self.has_start_permission(request):
            raise PermissionDenied
        hearings = list(self._chosen(request))
        if not hearings:
            self.message_user(request, "Choose the hearings to transcribe.", messages.WARNING)
            return redirect("admin:hearings_hearing_changelist")
        form = StartForm(request.POST if request.method == "POST" else None)
        if form.is_valid() and "estimate" not in request.POST:
            return self._started(request, form, hearings)
        return self._offered(request, form, hearings)

    def _offered(
        self, request: HttpRequest, form: StartForm, hearings: Sequence[Hearing]
    ) -> HttpResponse:
        """Show what each engine would do, cost and take; nothing starts."""
        wishes = form.wishes
        terms = present_terms(wishes)
        given = present_circumstances(wishes, now=database_clock())
        candidates = [candidate(hearing, wishes, terms, given) for hearing in hearings]
        choices = engine_choices(candidates, wishes, terms)
        found = notices(candidates)
        form.suggest(choices)
        context = self.admin_site.each_context(request) | {
            "title": "Transcribe",
            "opts": self.opts,
            "form": form,
            "choices": choices,
            "candidates": candidates,
            "notices": found,
            "warnings": {n.finding.code for n in found if n.finding.severity is Severity.WARNING},
            "sole": hearings[0] if len(hearings) == 1 else None,
        }
        return render(request, "admin/hearings/hearing/transcribe.html", context)

    def _chosen(self, request: HttpRequest) -> QuerySet[Hearing]:
        hearings = Hearing.objects.filter(pk__in=self._keys(request))
        related = hearings.select_related("analysis", "committee")
        return related.prefetch_related("runs", "findings")

    @staticmethod
    def _keys(request: HttpRequest) -> list[str]:
        keys = [key for key in request.GET.getlist("hearing") if re.fullmatch("[0-9]{1,18}", key)]
        return keys[:MOST_AT_ONCE]

    def _started(
        self, request: HttpRequest, form: StartForm, hearings: Sequence[Hearing]
    ) -> HttpResponse:
        """Start what may start, say what may not, and lead to where it is seen.

        Where there is something to be seen first, show the page of a sole hearing again.
        """
        try:
            runs = [run for hearing in hearings if (run := self._start(request, form, hearing))]
        except admission.NotAccepted as unseen:
            self.message_user(request, str(unseen), messages.WARNING)
            return self._offered(request, form, hearings)
        if len(hearings) > 1:
            return redirect("admin:hearings_hearing_changelist")
        if runs:
            return redirect("admin:transcription_run_change", runs[0].pk)
        return redirect("admin:hearings_hearing_change", hearings[0].pk)

    def _start(self, request: HttpRequest, form: StartForm, hearing: Hearing) -> Run | None:
        try:
            run = pipeline.start(
                hearing,
                form.options_for(hearing),
                by=request.user,  # type: ignore[arg-type]  # admin_view lets nobody else in
                now=database_clock(),
                again=form.cleaned_data["again"],
                accepted=request.POST.getlist("accepted"),
            )
        except admission.StartRefused as refusal:
            if isinstance(refusal, admission.NotAccepted) and len(self._keys(request)) == 1:
                raise
            self.message_user(request, f"{hearing}: {refusal}", messages.ERROR)
            return None
        self.message_user(
            request, f"{hearing}: run {run.pk} is {run.get_status_display().lower()}."
        )
        return run


admin.site.register(Run, RunAdmin)
