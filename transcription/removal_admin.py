"""Where a person deletes hearings and replaces recordings: asked first, with what goes."""

from collections.abc import Iterable
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.contrib.admin.actions import delete_selected
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path
from unfold.admin import ModelAdmin
from unfold.decorators import action

from hearings import intake, removal
from hearings.forms import ReplacementForm
from hearings.models import Hearing
from hearings.upload_answers import answered, refusal_of, refuse
from transcription import dispatch
from transcription.accounts import Going, going


class RemovingAdmin(ModelAdmin):
    """The part of the hearing's admin that removes recordings."""

    delete_confirmation_template = "admin/hearings/hearing/delete.html"
    delete_selected_confirmation_template = "admin/hearings/hearing/delete_selected.html"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        replace = path("<int:pk>/replace/", view(self.replace_view), name="replace_recording")
        return [replace, *super().get_urls()]

    def has_replace_permission(self, request: HttpRequest, obj: Hearing | None = None) -> bool:
        """Say whether one may change the hearing, and delete what was made from its recording."""
        return bool(
            self.has_change_permission(request, obj) and self.has_delete_permission(request, obj)
        )

    def replace_view(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """Say what goes with the recording, and take another one for it."""
        return answered(request, self._replaced(request, pk))

    def _replaced(self, request: HttpRequest, pk: int) -> HttpResponse:
        hearing = get_object_or_404(Hearing, pk=pk)
        if not self.has_replace_permission(request, hearing):
            raise PermissionDenied
        form = self._replacement_form(request)
        if request.method == "POST" and form.is_valid():
            try:
                self._replace(request, hearing, form)
            except removal.InUse as use:
                return self._in_use(request, use, hearing.pk)
            except (intake.Refused, intake.RecordingKnown, intake.DiskFull) as refusal:
                refuse(request, refusal)
                form = self._replacement_form(request)
            else:
                return redirect("admin:hearings_hearing_change", hearing.pk)
        return self._replace_page(request, hearing, form)

    def _replace_page(
        self, request: HttpRequest, hearing: Hearing, form: ReplacementForm
    ) -> HttpResponse:
        context = self.admin_site.each_context(request) | {
            "title": "Replace the recording",
            "opts": self.opts,
            "form": form,
            "accounts": [going(hearing, with_hearing=False)],
            "hearing": hearing,
        }
        return render(request, "admin/hearings/hearing/replace.html", context)

    def _replacement_form(self, request: HttpRequest) -> ReplacementForm:
        sent = (request.POST, request.FILES) if request.method == "POST" else ()
        return ReplacementForm(*sent, refusal=refusal_of(request))

    def _replace(self, request: HttpRequest, hearing: Hearing, form: forms.Form) -> None:
        upload = form.cleaned_data["upload"]
        account = going(hearing, with_hearing=False).account
        with intake.received(upload.file, name=upload.name) as recording, transaction.atomic():
            changed = removal.replace(hearing, recording, by=request.user, account=account)
            self.log_change(request, changed, f"Replaced the recording. Gone: {account.went}")
            # Where the queue fails, the workers' own sweep finds the hearing.
            transaction.on_commit(lambda: dispatch.check_recording(hearing.pk), robust=True)
        self.message_user(request, "The recording was replaced. The new one is being checked.")

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        try:
            response: HttpResponseBase = super().delete_view(request, object_id, extra_context)
        except removal.InUse as use:
            return self._in_use(request, use, object_id)
        return response

    def _in_use(self, request: HttpRequest, use: removal.InUse, pk: object) -> HttpResponse:
        self.message_user(request, str(use), messages.ERROR)
        return redirect("admin:hearings_hearing_change", pk)

    @action(description="Delete…", permissions=["delete"])
    def delete_selected(
        self, request: HttpRequest, queryset: QuerySet[Hearing]
    ) -> HttpResponseBase | None:
        """Ask, then delete all of them, or none where one is in use."""
        try:
            with transaction.atomic():
                return cast("HttpResponseBase | None", delete_selected(self, request, queryset))
        except removal.InUse as use:
            self.message_user(request, str(use), messages.ERROR)
            return None

    def delete_model(self, request: HttpRequest, obj: Hearing) -> None:
        account = going(obj, with_hearing=True).account
        removal.delete(obj, by=request.user, account=account)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Hearing]) -> None:
        for hearing in queryset:
            self.delete_model(request, hearing)

    def get_deleted_objects(
        self, objs: Iterable[Hearing], request: HttpRequest
    ) -> tuple[list[Going], dict[str, int], set[str], list[str]]:
        """Say what goes in few queries; a run under way keeps its hearing."""
        accounts = [going(hearing, with_hearing=True) for hearing in objs]
        lacking = set() if self.has_delete_permission(request) else {"hearing"}
        busy = [_kept_by(account) for account in accounts if account.busy]
        return accounts, {}, lacking, busy


def _kept_by(account: Going) -> str:
    return f"{account.busy} is under way: cancel it first"
