"""The limits of hosted engines as staff see and change them."""

from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from unfold.admin import ModelAdmin

from transcription import rates
from transcription.filling import filling_of
from transcription.models import RateLimit


@admin.register(RateLimit)
class RateLimitAdmin(ModelAdmin):
    """One row, made on the first look; nobody adds or deletes it."""

    change_form_template = "admin/transcription/ratelimit/change_form.html"
    fields = ("max_concurrent", "capacity", "per_minute", "audio_seconds_per_minute")
    warn_unsaved_form = True

    def has_add_permission(self, request: HttpRequest, obj: RateLimit | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: RateLimit | None = None) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/standing/", view(self.standing_view), name="limit_standing"),
            path("<int:pk>/open/", view(self.open_view), name="limit_open"),
            *super().get_urls(),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        """Lead to the one row there is."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return redirect("admin:transcription_ratelimit_change", rates.row(settings.RATE).pk)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponseBase:
        limit = self.get_object(request, object_id)
        shown = self._standing(request, limit) if limit else {}
        response: HttpResponseBase = super().change_view(
            request, object_id, form_url, shown | (extra_context or {})
        )
        return response

    def save_model(
        self, request: HttpRequest, obj: RateLimit, form: "ModelForm[RateLimit]", change: Any
    ) -> None:
        """Save what the person changed, and nothing that requests have changed meanwhile."""
        obj.save(update_fields=form.changed_data)

    def response_post_save_change(self, request: HttpRequest, obj: RateLimit) -> HttpResponse:
        """Stay: the list would only lead back."""
        return redirect("admin:transcription_ratelimit_change", obj.pk)

    def standing_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Return the part of the page that follows how full the limits are."""
        limit = get_object_or_404(RateLimit, pk=pk)
        if not self.has_view_permission(request, limit):
            raise PermissionDenied
        standing = self._standing(request, limit)
        return render(request, "admin/transcription/ratelimit/standing.html", standing)

    def open_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Let requests start again; ask first where it was only clicked."""
        limit = get_object_or_404(RateLimit, pk=pk)
        if not self.has_change_permission(request, limit):
            raise PermissionDenied
        if request.method == "POST":
            rates.open_now()
            self.log_change(request, limit, f"Opened. It was closed because: {limit.reason or '–'}")
            self.message_user(request, "Requests may start again, at full speed.", messages.SUCCESS)
            return redirect("admin:transcription_ratelimit_change", pk)
        context = self.admin_site.each_context(request) | {
            "title": "Open it now",
            "opts": self.opts,
            "limit": limit,
        }
        return render(request, "admin/transcription/ratelimit/open.html", context)

    def _standing(self, request: HttpRequest, limit: RateLimit) -> dict[str, Any]:
        filling = filling_of(limit)
        server = limit.server_per_minute
        is_lowered = server is not None and server < limit.per_minute
        is_held = bool(filling.closed_until) or limit.is_broken or limit.pace < 1 or is_lowered
        return {
            "limit": limit,
            "filling": filling,
            "slowed_percent": round(100 * limit.pace) if limit.pace < 1 else None,
            "server_per_minute": server if is_lowered else None,
            "show_save_and_continue": False,
            "may_open": is_held and self.has_change_permission(request, limit),
            "address": reverse("admin:limit_standing", args=[limit.pk]),
        }
