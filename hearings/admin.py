"""Committees and hearings as staff see them. `transcription.admin` registers the hearing's."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, ClassVar, cast

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import Count, DateField, QuerySet, URLField
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import action, display

from hearings import intake
from hearings.forms import ACCESS, DayInput, HearingForm, UploadForm
from hearings.models import CheckStatus, Committee, Hearing, Member, Removal, Witness
from hearings.read_only_admin import ReadOnlyAdmin
from hearings.times import clock
from hearings.upload_answers import answered, refusal_of, refuse

DESCRIPTION = (
    "title",
    "committee",
    "subcommittee",
    ("date", "type"),
    "location",
    "language",
    "description",
)
JUDGED = frozenset({"title", "committee", "date", "type", "language"})
# Fields whose edit may change what the checks found.
RECORDING: tuple[str, ...] = ("recording_name", "size", "digest", "uploaded_by", "player")

CHECK_COLOURS = {
    CheckStatus.CHECKING: "info",
    CheckStatus.ACCEPTED: "success",
    CheckStatus.REFUSED: "danger",
}
MOST_NAMED = 5
# Hearings in one message.
ACCESS_COLOURS = {"closed": "danger", "public": "success", "staff only": "warning"}
ACT_COLOURS = {
    Removal.Act.DELETED: "danger",
    Removal.Act.REPLACED: "warning",
    Removal.Act.EXPIRED: "info",
}
_RECEIVED = "hearings.received"


class MemberInline(TabularInline):
    model = Member
    extra = 0


@admin.register(Committee)
class CommitteeAdmin(ModelAdmin):
    list_display = ("name", "code", "kind", "member_count")
    list_filter = ("kind",)
    search_fields = ("name", "code")
    inlines: ClassVar = [MemberInline]
    formfield_overrides: ClassVar = {URLField: {"assume_scheme": "https"}}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Committee]:
        committees: QuerySet[Committee] = super().get_queryset(request)
        return committees.annotate(member_count=Count("members"))

    @display(description="members", ordering="member_count")
    def member_count(self, committee: Committee) -> int:
        return int(vars(committee)["member_count"])


class WitnessInline(TabularInline):
    model = Witness
    extra = 0
    hide_title = True


class HearingAdmin(ModelAdmin):
    """A hearing's description and recording; `transcription.admin` adds the runs."""

    form = HearingForm
    formfield_overrides: ClassVar = {DateField: {"widget": DayInput}}
    add_fieldsets = (
        ("Recording", {"fields": ("upload",)}),
        ("Hearing", {"fields": DESCRIPTION}),
        ("Who may know of it", {"fields": (ACCESS,)}),
    )
    fieldsets: Any = (*add_fieldsets[1:], ("Recording", {"fields": RECORDING}))
    readonly_fields = RECORDING
    inlines: ClassVar = [WitnessInline]
    list_display: tuple[str, ...] = (
        "title",
        "committee_code",
        "date",
        "duration",
        "check_state",
        "access",
    )
    list_filter: tuple[Any, ...] = ("committee", "check_status", "is_published", "is_closed")
    list_select_related = ("committee",)
    search_fields = ("title", "subcommittee", "description", "witnesses__name")
    search_help_text = "Title, subcommittee, description or witness"
    date_hierarchy = "date"
    list_per_page = 50
    warn_unsaved_form = True
    actions: ClassVar = ["publish", "unpublish"]

    def get_fieldsets(self, request: HttpRequest, obj: Hearing | None = None) -> Any:
        if obj is None:
            return self.add_fieldsets
        if len(obj.track_choices) <= 1:
            return self.fieldsets
        *others, (name, recording) = self.fieldsets
        return (*others, (name, {"fields": ("sound", *recording["fields"])}))

    def get_form(
        self,
        request: HttpRequest,
        obj: Hearing | None = None,
        *,
        change: bool = False,
        **kwargs: Any,
    ) -> type[HearingForm]:
        if obj is None:
            kwargs["form"] = type("Upload", (UploadForm,), {"refusal": refusal_of(request)})
        form: type[HearingForm] = super().get_form(request, obj, change=change, **kwargs)
        return form

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        """As Django's, whose transaction begins only after the recording was copied."""
        response: HttpResponseBase
        try:
            with self._recording_received(request):
                response = super().add_view(request, form_url, extra_context)
        except (intake.Refused, intake.RecordingKnown, intake.DiskFull) as refusal:
            refuse(request, refusal)
            response = super().add_view(request, form_url, extra_context)
        return answered(request, response)

    @contextmanager
    def _recording_received(self, request: HttpRequest) -> Iterator[None]:
        """Hold the upload in storage for the block, unless the form is to be shown again anyway."""
        upload = request.FILES.get("upload") if self.has_add_permission(request) else None
        if upload is None or not self.get_form(request)(request.POST, request.FILES).is_valid():
            yield
            return
        source, name = cast("BinaryIO", upload.file), upload.name or "recording"
        with intake.received(source, name=name) as request.META[_RECEIVED]:
            yield

    def save_model(
        self, request: HttpRequest, obj: Hearing, form: HearingForm, change: Any
    ) -> None:
        if not change:
            obj.uploaded_by_id = request.user.pk
            intake.file(obj, request.META[_RECEIVED])
            return
        # The rest of the row may have changed since the form was read: a check has ended, the
        # recording was replaced or removed.
        obj.save(update_fields=set(form.changed_data) - {"sound"})

    def save_related(
        self, request: HttpRequest, form: HearingForm, formsets: Any, change: Any
    ) -> None:
        """Judge the description anew once all of it is saved, the witnesses too."""
        super().save_related(request, form, formsets, change)
        edited = JUDGED & set(form.changed_data) or any(each.has_changed() for each in formsets)
        if change and edited:
            intake.check_description(form.instance, today=timezone.localdate())

    def response_post_save_add(self, request: HttpRequest, obj: Hearing) -> HttpResponseBase:
        """Lead to where the check is seen."""
        return redirect("admin:hearings_hearing_change", obj.pk)

    @action(description="Publish: visitors may see them", permissions=["change"])
    def publish(self, request: HttpRequest, queryset: QuerySet[Hearing]) -> None:
        closed = list(queryset.filter(is_closed=True).values_list("title", flat=True)[:MOST_NAMED])
        count = self._set_published(request, queryset.filter(is_closed=False), to=True)
        self.message_user(request, f"Published: {_counted(count)}.", messages.SUCCESS)
        if closed:
            told = f"Closed hearings are published one by one, on their pages: {'; '.join(closed)}."
            self.message_user(request, told, messages.WARNING)

    @action(description="Unpublish: only staff may see them", permissions=["change"])
    def unpublish(self, request: HttpRequest, queryset: QuerySet[Hearing]) -> None:
        count = self._set_published(request, queryset, to=False)
        self.message_user(request, f"Not published any more: {_counted(count)}.", messages.SUCCESS)

    def _set_published(self, request: HttpRequest, hearings: QuerySet[Hearing], *, to: bool) -> int:
        """Change who may see *hearings* and note who did; return of how many it was changed."""
        with transaction.atomic():
            chosen = Hearing.objects.filter(pk__in=hearings.values("pk"), is_published=not to)
            changed = list(chosen.select_for_update())
            for hearing in changed:
                hearing.is_published = to
                hearing.save(update_fields=["is_published"])
                self.log_change(request, hearing, "Published." if to else "Unpublished.")
        return len(changed)

    @display(description="committee", ordering="committee__name")
    def committee_code(self, hearing: Hearing) -> str:
        return hearing.committee.code if hearing.committee else "–"

    @display(description="length", ordering="duration_ms")
    def duration(self, hearing: Hearing) -> str:
        return "–" if hearing.duration_ms is None else clock(hearing.duration_ms)

    @display(description="check", ordering="check_status", label=CHECK_COLOURS)
    def check_state(self, hearing: Hearing) -> tuple[str, str]:
        return hearing.check_status, hearing.get_check_status_display()

    @display(description="access", label=ACCESS_COLOURS)
    def access(self, hearing: Hearing) -> tuple[str, str]:
        seen_by = "public" if hearing.is_published else "staff only"
        if hearing.is_closed:
            return "closed", f"closed, {seen_by}"
        return seen_by, seen_by

    @display(description="sound track")
    def sound(self, hearing: Hearing) -> str:
        """Say what is heard to those who may not choose it."""
        return hearing.heard or "all of it"

    @display(description="size")
    def size(self, hearing: Hearing) -> str:
        return f"{filesizeformat(hearing.recording_bytes)} ({hearing.recording_bytes:,} bytes)"

    @display(description="SHA-256")
    def digest(self, hearing: Hearing) -> str:
        return format_html('<code class="digest">{}</code>', hearing.recording_sha256)

    @display(description="listen")
    def player(self, hearing: Hearing) -> str:
        if hearing.recording_removed_at:
            day = timezone.localtime(hearing.recording_removed_at)
            return (
                f"The recording was removed on {day:%-d %B %Y} {hearing.recording_removed_why}; "
                "the transcript stays. Upload the same recording to have it back."
            )
        address = reverse("recording", args=[hearing.slug])
        return format_html(
            "<audio controls preload='none' src='{}' aria-label='Recording'></audio>", address
        )


@admin.register(Removal)
class RemovalAdmin(ReadOnlyAdmin):
    """What was removed, by whom, and what stays of it: to be read, by nobody to be changed."""

    list_display = ("title", "date", "kind", "removed_name", "removed_at", "size", "file")
    list_filter = ("act", "removed_at", "is_file_gone")
    search_fields = ("title", "recording_name", "removed_name", "recording_sha256")
    search_help_text = "Title, file name, who removed it, or SHA-256"
    date_hierarchy = "removed_at"
    list_per_page = 50
    fields = (
        *("title", "date", "still_there"),
        *("act", "removed_name", "removed_at", "what_went", "what_stays"),
        *("recording_name", "size", "file", "digest"),
    )
    readonly_fields = ("still_there", "size", "file", "digest")

    @display(description="hearing now")
    def still_there(self, removal: Removal) -> str:
        if (hearing := removal.hearing) is None:
            return "deleted"
        address = reverse("admin:hearings_hearing_change", args=[hearing.pk])
        return format_html('<a class="underline" href="{}">{}</a>', address, hearing)

    @display(description="kind", ordering="act", label=ACT_COLOURS)
    def kind(self, removal: Removal) -> tuple[str, str]:
        return removal.act, removal.get_act_display()

    @display(description="size", ordering="recording_bytes")
    def size(self, removal: Removal) -> str:
        return filesizeformat(removal.recording_bytes)

    @display(description="file", ordering="is_file_gone")
    def file(self, removal: Removal) -> str:
        return "gone" if removal.is_file_gone else "not deleted yet"

    @display(description="SHA-256")
    def digest(self, removal: Removal) -> str:
        return format_html('<code class="digest">{}</code>', removal.recording_sha256)


def _counted(count: int) -> str:
    return f"{count} hearing" if count == 1 else f"{count} hearings"
